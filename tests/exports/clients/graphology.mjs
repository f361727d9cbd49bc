// Reads GEXF documents with graphology-gexf: one JSON string a line in, one JSON object a line out.
import {createInterface} from 'node:readline';
import Graph from 'graphology';
import gexf from 'graphology-gexf';

for await (const line of createInterface({input: process.stdin, crlfDelay: Infinity})) {
  const graph = gexf.parse(Graph, JSON.parse(line));
  const read = {type: graph.type, attributes: graph.getAttributes(), nodes: {}, edges: {}};
  graph.forEachNode((id, attributes) => {
    read.nodes[id] = attributes;
  });
  graph.forEachEdge((id, attributes, source, target, from, to, undirected) => {
    read.edges[id] = {...attributes, source, target, undirected};
  });
  console.log(JSON.stringify(read));
}
