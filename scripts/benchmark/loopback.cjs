// Loaded before a program of Node's: whatever server it starts listens on this machine's loopback alone.
'use strict';

const net = require('net');

const listen = net.Server.prototype.listen;

net.Server.prototype.listen = function (first, ...rest) {
  const given = typeof first === 'object' && first !== null ? first : { port: first };
  if (given.port === undefined || Number.isNaN(Number(given.port))) {
    return listen.call(this, first, ...rest); // a path, or a handle
  }
  const callback = rest.find((one) => typeof one === 'function');
  return listen.call(this, { ...given, host: '127.0.0.1' }, ...(callback ? [callback] : []));
};
