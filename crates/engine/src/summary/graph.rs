//! A model as a graph, seen as Keras sees it: how far each layer is from the outputs, and whether it is one row of layers.

use steadygrad_nn::Model;

/// What a summary wants to know of a graph.
#[derive(Debug, Clone)]
pub struct Graph {
    /// The layers, those farthest from the outputs first.
    pub order: Vec<usize>,
    /// One layer after another, none twice.
    pub linear: bool,
    /// Which of its layer's uses a node is.
    ordinal: Vec<usize>,
}

impl Graph {
    /// Looks at a model.
    pub fn of(model: &Model) -> Graph {
        let entries: Vec<usize> = (0..model.entries.len()).collect();
        let mut uses = vec![0; entries.len()];
        let ordinal: Vec<usize> = model
            .nodes
            .iter()
            .map(|node| {
                uses[node.entry] += 1;
                uses[node.entry] - 1
            })
            .collect();
        if model.class == "Sequential" {
            return Graph { order: entries, linear: true, ordinal };
        }
        // Steps to the outputs: of nodes, and of layers, which are as far as the farthest of their nodes.
        let (mut far, mut layer) = (vec![0; model.nodes.len()], vec![0; entries.len()]);
        for (i, node) in model.nodes.iter().enumerate().rev() {
            far[i] = far[i].max(layer[node.entry]);
            layer[node.entry] = far[i];
            for wire in &node.inputs {
                far[wire.node] = far[wire.node].max(far[i] + 1);
            }
        }
        let mut order = entries;
        order.sort_by_key(|&i| std::cmp::Reverse(layer[i]));
        let mut distances = far.clone();
        distances.sort_unstable();
        let alone = distances.windows(2).all(|pair| pair[0] != pair[1]);
        let single = model.nodes.iter().all(|node| node.inputs.len() <= 1);
        let once = uses.iter().all(|&n| n <= 1);
        Graph { order, linear: alone && single && once, ordinal }
    }

    /// What the layer reads: `dense[0][0], dense_1[0][0]`, by layer, use and output.
    pub fn connected(&self, model: &Model, entry: usize) -> String {
        let wires = model.nodes.iter().filter(|node| node.entry == entry).flat_map(|node| &node.inputs);
        let reads: Vec<String> = wires
            .map(|wire| {
                let name = &model.entries[model.nodes[wire.node].entry].name;
                format!("{name}[{}][{}]", self.ordinal[wire.node], wire.output)
            })
            .collect();
        if reads.is_empty() { "-".into() } else { reads.join(", ") }
    }
}
