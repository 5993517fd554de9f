//! A graph of ONNX: its operations in order, and the constants that they use.
//!
//! An operation takes values that exist already, so that the graph is in topological order by construction.

use std::collections::BTreeMap;

use clsify::encoder::StoredTensor;
use clsify::matrix::Matrix;
use clsify_base::error::Result;

use crate::error::bad;

/// The numbers of a tensor that are read and written together: 1 MB.
const PART: usize = 1 << 18;

/// A value of the graph: an input, a constant, or the result of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value(String);

/// An attribute of an operation.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Attribute {
    Integer(i64),
    Float(f32),
    Integers(Vec<i64>),
}

/// An operation with one result.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) operation: &'static str,
    pub(super) inputs: Vec<String>,
    pub(super) output: String,
    pub(super) attributes: Vec<(&'static str, Attribute)>,
}

/// A constant with its name.
#[derive(Debug)]
pub(super) struct Constant {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) numbers: Numbers,
}

/// The numbers of a constant.
#[derive(Debug)]
pub(super) enum Numbers {
    Floats(Vec<f32>),
    Integers(Vec<i64>),
    /// A tensor that is read while the graph is written.
    Stored(StoredTensor),
    /// A matrix that is read while the graph is written, with its rows and columns exchanged.
    Transposed(StoredTensor),
}

/// The type of the numbers of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    Float,
    Integer,
}

/// A length of an input or output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Length {
    Known(usize),
    /// A length that differs from batch to batch, with its name.
    Named(&'static str),
}

/// An input or output.
#[derive(Debug)]
pub(super) struct Port {
    pub(super) name: &'static str,
    pub(super) element: Element,
    pub(super) shape: Vec<Length>,
}

/// A graph that grows from its inputs to its outputs.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub(super) inputs: Vec<Port>,
    pub(super) outputs: Vec<Port>,
    pub(super) nodes: Vec<Node>,
    pub(super) constants: Vec<Constant>,
    /// The names of small constants by their content.
    known: BTreeMap<String, Value>,
}

impl Graph {
    /// Adds an input.
    pub(super) fn input(&mut self, name: &'static str, element: Element, shape: Vec<Length>) -> Value {
        self.inputs.push(Port { name, element, shape });
        Value(name.to_string())
    }

    /// Makes a value an output with this name.
    pub(super) fn output(&mut self, name: &'static str, value: &Value, shape: Vec<Length>) {
        let inputs = vec![value.0.clone()];
        self.nodes.push(Node { operation: "Identity", inputs, output: name.to_string(), attributes: vec![] });
        self.outputs.push(Port { name, element: Element::Float, shape });
    }

    /// Adds an operation.
    pub(super) fn op(&mut self, operation: &'static str, inputs: &[&Value]) -> Value {
        self.op_with(operation, inputs, vec![])
    }

    /// Adds an operation with attributes.
    pub(super) fn op_with(
        &mut self,
        operation: &'static str,
        inputs: &[&Value],
        attributes: Vec<(&'static str, Attribute)>,
    ) -> Value {
        let output = format!("{operation}_{}", self.nodes.len());
        let inputs = inputs.iter().map(|value| value.0.clone()).collect();
        self.nodes.push(Node { operation, inputs, output: output.clone(), attributes });
        Value(output)
    }

    /// A number.
    pub(super) fn float(&mut self, number: f32) -> Value {
        let key = format!("float_{:08x}", number.to_bits());
        self.small(key, vec![], Numbers::Floats(vec![number]))
    }

    /// A list of whole numbers.
    pub(super) fn integers(&mut self, numbers: &[i64]) -> Value {
        let key = format!("integers{numbers:?}").replace(['[', ' ', ']'], "_").replace(',', "");
        self.small(key, vec![numbers.len()], Numbers::Integers(numbers.to_vec()))
    }

    /// A whole number.
    pub(super) fn integer(&mut self, number: i64) -> Value {
        self.small(format!("integer_{number}"), vec![], Numbers::Integers(vec![number]))
    }

    fn small(&mut self, name: String, shape: Vec<usize>, numbers: Numbers) -> Value {
        if let Some(known) = self.known.get(&name) {
            return known.clone();
        }
        let value = self.constant(&name, shape, numbers);
        self.known.insert(name, value.clone());
        value
    }

    /// A constant with its own name.
    pub(super) fn constant(&mut self, name: &str, shape: Vec<usize>, numbers: Numbers) -> Value {
        self.constants.push(Constant { name: name.to_string(), shape, numbers });
        Value(name.to_string())
    }

    /// A matrix in memory.
    pub(super) fn matrix(&mut self, name: &str, matrix: Matrix) -> Value {
        self.constant(name, matrix.shape().to_vec(), Numbers::Floats(matrix.into_vec()))
    }

    /// A list of numbers in memory.
    pub(super) fn floats(&mut self, name: &str, numbers: Vec<f32>) -> Value {
        self.constant(name, vec![numbers.len()], Numbers::Floats(numbers))
    }

    /// A tensor of the encoder's files, as it is.
    pub(super) fn stored(&mut self, name: &str, tensor: StoredTensor) -> Value {
        self.constant(name, tensor.shape().to_vec(), Numbers::Stored(tensor))
    }

    /// A matrix `[rows, columns]` of the encoder's files as `[columns, rows]`.
    pub(super) fn transposed(&mut self, name: &str, tensor: StoredTensor) -> Value {
        let shape = tensor.shape().iter().rev().copied().collect();
        self.constant(name, shape, Numbers::Transposed(tensor))
    }

    /// The size of all constants, in bytes.
    pub(super) fn constant_bytes(&self) -> u64 {
        self.constants.iter().map(Constant::bytes).sum()
    }
}

impl Constant {
    /// The size of its numbers, in bytes.
    pub(super) fn bytes(&self) -> u64 {
        let size = if matches!(self.numbers, Numbers::Integers(_)) { 8 } else { 4 };
        self.shape.iter().product::<usize>() as u64 * size
    }

    /// Calls a function with all bytes in order, part by part; at most one matrix of a layer is in memory.
    pub(super) fn write(&self, write: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut write_floats = |numbers: &[f32]| {
            if !numbers.iter().all(|number| number.is_finite()) {
                return Err(bad("expected finite weights, got infinity or NaN").at(self.name.clone()));
            }
            write(&numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>())
        };
        match &self.numbers {
            Numbers::Floats(numbers) => numbers.chunks(PART).try_for_each(write_floats),
            Numbers::Integers(numbers) => {
                write(&numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>())
            }
            Numbers::Stored(tensor) => {
                let n: usize = tensor.shape().iter().product();
                (0..n)
                    .step_by(PART)
                    .try_for_each(|start| write_floats(&tensor.read_part(start..start + PART)?))
            }
            Numbers::Transposed(tensor) => {
                let [rows, columns] = [tensor.shape()[0], tensor.shape()[1]];
                let numbers = tensor.read()?;
                (0..columns).try_for_each(|column| {
                    let of_column: Vec<f32> = (0..rows).map(|row| numbers[row * columns + column]).collect();
                    write_floats(&of_column)
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use clsify::encoder::EncoderTensors;

    use super::*;

    fn written(constant: &Constant) -> (Vec<f32>, usize) {
        let (mut numbers, mut most) = (Vec::new(), 0);
        constant
            .write(&mut |bytes| {
                most = most.max(bytes.len());
                numbers.extend(bytes.as_chunks::<4>().0.iter().map(|&b| f32::from_le_bytes(b)));
                Ok(())
            })
            .unwrap();
        (numbers, most)
    }

    /// Oracle: the tensor read as a whole, and its transpose by definition.
    #[test]
    fn stored_tensors_are_written_as_they_are_and_transposed() {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/transformers/bert");
        let tensor = EncoderTensors::open(folder).unwrap().word_embeddings();
        let whole = tensor.read().unwrap();
        let mut graph = Graph::default();
        graph.stored("words", tensor.clone());
        graph.transposed("sdrow", tensor);
        assert_eq!(written(&graph.constants[0]).0, whole);
        assert_eq!(graph.constants[1].shape, [32, 507]);
        let (transposed, _) = written(&graph.constants[1]);
        assert!((0..507).all(|row| (0..32).all(|c| transposed[c * 507 + row] == whole[row * 32 + c])));
        assert_eq!(graph.constant_bytes(), 2 * 4 * 507 * 32);
    }

    #[test]
    fn large_constants_are_written_in_parts() {
        let numbers: Vec<f32> = (0..3 * PART + 1).map(|i| i as f32).collect();
        let mut graph = Graph::default();
        graph.floats("large", numbers.clone());
        assert_eq!(written(&graph.constants[0]), (numbers, 4 * PART));
    }

    #[test]
    fn a_small_constant_is_stored_once_and_a_weight_that_is_not_finite_never() {
        let mut graph = Graph::default();
        assert_eq!(graph.integers(&[0, -1]), graph.integers(&[0, -1]));
        assert_ne!(graph.integers(&[0, -1]), graph.integers(&[0, 1]));
        assert_ne!(graph.float(0.5), graph.float(-0.5));
        assert_eq!(graph.constants.len(), 4);
        graph.floats("broken", vec![1.0, f32::NAN]);
        let error = graph.constants[4].write(&mut |_| Ok(())).unwrap_err();
        assert_eq!(error.to_string(), "broken: expected finite weights, got infinity or NaN");
    }
}
