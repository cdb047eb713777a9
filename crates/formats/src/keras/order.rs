//! The order in which Keras lists the layers of a graph: the deepest first, among equals as they are met from the outputs.

use steadygrad_nn::Model;

/// The entries of a model in the order of Keras' `model.layers`; of a Sequential without its input.
///
/// A layer's depth is its longest way to an output. Files name weights by the place of their layer in this order, so that it must be
/// Keras' own, whatever order the model was put together in.
pub fn keras_order(model: &Model) -> Vec<usize> {
    let entries = model.entries.len();
    if model.class == "Sequential" {
        return (0..entries).filter(|&i| model.entries[i].layer.class() != "InputLayer").collect();
    }
    // Depth first from the outputs: each entry gets its number when it is met, each node its place when all behind it is done.
    let mut met: Vec<Option<usize>> = vec![None; entries];
    let mut done = vec![false; model.nodes.len()];
    let mut nodes = Vec::new();
    let mut count = 0;
    for output in &model.outputs {
        let mut open: Vec<(usize, usize)> = vec![(output.node, 0)];
        while let Some(&mut (node, ref mut next)) = open.last_mut() {
            if done[node] {
                open.pop();
                continue;
            }
            let entry = model.nodes[node].entry;
            if *next == 0 && met[entry].is_none() {
                met[entry] = Some(count);
                count += 1;
            }
            match model.nodes[node].inputs.get(*next) {
                Some(wire) => {
                    *next += 1;
                    if !done[wire.node] {
                        open.push((wire.node, 0));
                    }
                }
                None => {
                    done[node] = true;
                    nodes.push(node);
                    open.pop();
                }
            }
        }
    }
    let mut depth_of_node = vec![0_usize; model.nodes.len()];
    let mut depth: Vec<usize> = vec![0; entries];
    for &node in nodes.iter().rev() {
        let entry = model.nodes[node].entry;
        let own = depth_of_node[node].max(depth[entry]);
        (depth[entry], depth_of_node[node]) = (own, own);
        for wire in &model.nodes[node].inputs {
            depth_of_node[wire.node] = depth_of_node[wire.node].max(own + 1);
        }
    }
    let last = entries;
    let mut order: Vec<usize> = (0..entries).collect();
    // Inputs that no output needs are listed all the same, with the deepest.
    let deepest = depth.iter().copied().max().unwrap_or(0);
    let rank = |i: &usize| match met[*i] {
        Some(number) => (std::cmp::Reverse(depth[*i]), number),
        None => (std::cmp::Reverse(deepest), last + *i),
    };
    order.sort_by_key(rank);
    order
}
