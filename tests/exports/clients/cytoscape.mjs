// Loads documents into a headless Cytoscape.js: one JSON document a line in, one JSON object a line out.
import {createInterface} from 'node:readline';
import cytoscape from 'cytoscape';

cytoscape.warnings(true);
for await (const line of createInterface({input: process.stdin, crlfDelay: Infinity})) {
  const cy = cytoscape({headless: true, ...JSON.parse(line)});
  const data = (elements) => elements.map((element) => element.data());
  console.log(JSON.stringify({data: cy.data(), nodes: data(cy.nodes()), edges: data(cy.edges())}));
  cy.destroy();
}
