"""The formats that graphs are written in, by the name that ``format=`` and ``--format`` take.

Media types are those registered with IANA, or that the format's own authors or readers give. Cytoscape.js and
node-link JSON have none, and ``application/json`` would leave an ``Accept`` no way to choose between them:
they have one each of the vendor tree, with the suffix that says it is JSON (RFC 6838, sections 3.2, 4.2.8).

GML is not among them. It is ASCII, and what is not must be an entity, of which only those of ISO 8859-1 are
defined; its readers differ on the rest: networkx decodes numeric entities, igraph leaves them in the text
as they are. It would lose what the others keep, and what opens GML opens GraphML.
"""

from service.exports import csv_zip, cytoscape, dot, gexf, graphml, json_graph, node_link
from service.exports.files import Format
from service.exports.graphs import Write

FORMATS: dict[str, Format[Write]] = {
    "gexf": Format(
        "application/gexf+xml",
        "gexf",
        "GEXF 1.3, dynamic, with colours: Gephi, Gephi Lite, Sigma.",
        gexf.write,
    ),
    "graphml": Format(
        "application/graphml+xml", "graphml", "GraphML: igraph, networkx, yEd, Cytoscape, R.", graphml.write
    ),
    "cytoscape": Format(
        "application/vnd.cytoscape+json",
        "cyjs",
        "Cytoscape.js elements, and Cytoscape desktop.",
        cytoscape.write,
    ),
    "jgf": Format("application/vnd.jgf+json", "jgf.json", "JSON Graph Format, version 2.", json_graph.write),
    "node-link": Format(
        "application/vnd.node-link+json", "json", "Node-link JSON: networkx, D3.", node_link.write
    ),
    "dot": Format("text/vnd.graphviz", "dot", "DOT, to be drawn by Graphviz.", dot.write),
    "csv": Format(
        "application/zip", "zip", "nodes.csv and edges.csv: spreadsheets, Gephi, pandas.", csv_zip.write
    ),
}
"""What to call it, the file's extension without its dot, a line about it, and its writer."""
