//! Writes a graph as a file of ONNX, with its constants inside or in a file beside it.
//!
//! The lengths of all messages are known before the first constant is read, so that constants pass from one file to the
//! other and are never together in memory. Field numbers: `onnx.proto` of ONNX, IR version 8.

use std::io::Write;
use std::path::Path;

use clsify_base::error::{Error, Result};

use super::graph::{Attribute, Constant, Element, Graph, Length, Node, Numbers, Port};
use super::wire::Message;

/// The version of the file format, and that of the operations. LayerNormalization is in version 17 and later.
const IR_VERSION: i64 = 8;
const OPERATIONS: i64 = 17;

/// The types of elements in `TensorProto`.
const FLOAT: i64 = 1;
const INT64: i64 = 7;

/// Constants smaller than this stay inside the graph.
const LEAST_OUTSIDE: u64 = 1024;

/// The file with the constants beside the graph, and its name, which the graph holds.
pub(super) struct Outside<'a> {
    pub(super) name: &'a str,
    pub(super) path: &'a Path,
    pub(super) file: &'a mut dyn Write,
}

/// Writes the graph to a file, `path` in messages.
pub(super) fn write_model(
    graph: &Graph,
    path: &Path,
    file: &mut dyn Write,
    mut outside: Option<Outside>,
) -> Result<()> {
    let io = |path: &Path, error| Error::io(path, error);
    let mut offset = 0;
    let is_outside = |constant: &Constant| outside.is_some() && constant.bytes() >= LEAST_OUTSIDE;
    let mut headers = Vec::new();
    for constant in &graph.constants {
        let header = header(constant);
        headers.push(match &outside {
            Some(outside) if is_outside(constant) => {
                let header = at(header, outside.name, offset, constant.bytes());
                offset += constant.bytes();
                (header, 0)
            }
            _ => (header.begin(9, constant.bytes()), constant.bytes()),
        });
    }
    let nodes = graph.nodes.iter().fold(Message::default(), |all, node| all.message(1, &of_node(node)));
    let before = nodes.text(2, "clsify");
    let ports = |message: Message, field, ports: &[Port]| {
        ports.iter().fold(message, |all, port| all.message(field, &of_port(port)))
    };
    let after = ports(ports(Message::default(), 11, &graph.inputs), 12, &graph.outputs);
    let tensor = |(header, data): &(Message, u64)| Message::default().begin(5, header.len() + data);
    let tensors: u64 = headers.iter().map(|both| tensor(both).len() + both.0.len() + both.1).sum();
    let start = Message::default()
        .integer(1, IR_VERSION)
        .text(2, "clsify")
        .text(3, env!("CARGO_PKG_VERSION"))
        .begin(7, before.len() + tensors + after.len());
    for message in [&start, &before] {
        file.write_all(message.as_bytes()).map_err(|e| io(path, e))?;
    }
    for (constant, both) in graph.constants.iter().zip(&headers) {
        for message in [&tensor(both), &both.0] {
            file.write_all(message.as_bytes()).map_err(|e| io(path, e))?;
        }
        match &mut outside {
            Some(outside) if both.1 == 0 && constant.bytes() > 0 => {
                constant
                    .write(&mut |bytes| outside.file.write_all(bytes).map_err(|e| io(outside.path, e)))?;
            }
            _ => constant.write(&mut |bytes| file.write_all(bytes).map_err(|e| io(path, e)))?,
        }
    }
    let operations = Message::default().integer(2, OPERATIONS);
    let end = Message::default().message(8, &operations);
    [&after, &end].into_iter().try_for_each(|m| file.write_all(m.as_bytes()).map_err(|e| io(path, e)))
}

/// `TensorProto` without its numbers.
fn header(constant: &Constant) -> Message {
    let element = if matches!(constant.numbers, Numbers::Integers(_)) { INT64 } else { FLOAT };
    let shape = constant.shape.iter().fold(Message::default(), |all, &length| all.integer(1, length as i64));
    shape.integer(2, element).text(8, &constant.name)
}

/// Adds the place of the numbers in another file.
fn at(header: Message, name: &str, offset: u64, length: u64) -> Message {
    let entry = |key: &str, value: &str| Message::default().text(1, key).text(2, value);
    header
        .message(13, &entry("location", name))
        .message(13, &entry("offset", &offset.to_string()))
        .message(13, &entry("length", &length.to_string()))
        .integer(14, 1)
}

/// `NodeProto`.
fn of_node(node: &Node) -> Message {
    let message = node.inputs.iter().fold(Message::default(), |all, input| all.text(1, input));
    let message = message.text(2, &node.output).text(3, &node.output).text(4, node.operation);
    node.attributes.iter().fold(message, |all, (name, attribute)| {
        let named = Message::default().text(1, name);
        let (value, kind) = match attribute {
            Attribute::Float(number) => (named.float(2, *number), 1),
            Attribute::Integer(number) => (named.integer(3, *number), 2),
            Attribute::Integers(numbers) => {
                (numbers.iter().fold(named, |all, &number| all.integer(8, number)), 7)
            }
        };
        all.message(5, &value.integer(20, kind))
    })
}

/// `ValueInfoProto`.
fn of_port(port: &Port) -> Message {
    let shape = port.shape.iter().fold(Message::default(), |all, length| {
        let length = match length {
            Length::Known(length) => Message::default().integer(1, *length as i64),
            Length::Named(name) => Message::default().text(2, name),
        };
        all.message(1, &length)
    });
    let element = if port.element == Element::Float { FLOAT } else { INT64 };
    let tensor = Message::default().integer(1, element).message(2, &shape);
    Message::default().text(1, port.name).message(2, &Message::default().message(1, &tensor))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Oracle: `onnx` 1.23.2, the same graph by `onnx.helper.make_node`, `make_tensor(..., raw=True)`,
    /// `make_tensor_value_info` and `make_graph`, then `ModelProto.SerializeToString`.
    #[test]
    fn a_model_is_written_as_the_onnx_package_writes_it() {
        let mut graph = Graph::default();
        let x = graph.input("x", Element::Float, vec![Length::Named("batch"), Length::Known(1)]);
        let w = graph.constant("w", vec![2, 1], Numbers::Floats(vec![1.5, -2.0]));
        let y = graph.op_with("Gemm", &[&x, &w], vec![("transB", Attribute::Integer(1))]);
        let y = graph.op_with("LayerNormalization", &[&y, &w], vec![("epsilon", Attribute::Float(0.5))]);
        let y = graph.op_with("Transpose", &[&y], vec![("perm", Attribute::Integers(vec![1, 0]))]);
        graph.output("y", &y, vec![Length::Known(2), Length::Named("batch")]);
        let mut file = Vec::new();
        write_model(&graph, Path::new("model.onnx"), &mut file, None).unwrap();
        let expected = [
            "08081206636c736966791a05302e312e303ac9020a2b0a01780a0177120647656d6d5f301a0647656d6d5f302204",
            "47656d6d2a0d0a067472616e73421801a001020a5e0a0647656d6d5f300a017712144c617965724e6f726d616c69",
            "7a6174696f6e5f311a144c617965724e6f726d616c697a6174696f6e5f3122124c617965724e6f726d616c697a61",
            "74696f6e2a110a07657073696c6f6e150000003fa001010a4a0a144c617965724e6f726d616c697a6174696f6e5f",
            "31120b5472616e73706f73655f321a0b5472616e73706f73655f3222095472616e73706f73652a0d0a047065726d",
            "40014000a001070a1d0a0b5472616e73706f73655f321201791a017922084964656e746974791206636c73696679",
            "2a130802080110014201774a080000c03f000000c05a180a017812130a110801120d0a07120562617463680a0208",
            "0162180a017912130a110801120d0a0208020a071205626174636842021011",
        ]
        .concat();
        // The version of the program is part of the file.
        let version = format!("1a05{}", hex(env!("CARGO_PKG_VERSION").as_bytes()));
        assert_eq!(hex(&file).replace(&version, "1a05302e312e30"), expected);
    }

    /// Oracle: `onnx` 1.23.2, `TensorProto` with `external_data` and `data_location`.
    #[test]
    fn a_constant_may_be_in_another_file() {
        let constant =
            Constant { name: "w".to_string(), shape: vec![2, 1], numbers: Numbers::Floats(vec![1.5, -2.0]) };
        let expected = "0802080110014201776a1b0a086c6f636174696f6e120f6d6f64656c2e6f6e6e785f646174616a0c0a066f6666736574120231366a0b0a066c656e6774681201387001";
        assert_eq!(hex(at(header(&constant), "model.onnx_data", 16, 8).as_bytes()), expected);
    }
}
