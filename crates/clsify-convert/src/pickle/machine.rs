//! The stack machine of a pickle. Calls become records, and unknown opcodes are refused by name.

use std::collections::HashMap;

use clsify_base::error::{Error, Result};

use super::cursor::Cursor;
use super::{joblib, names, opcode};
use crate::error::bad;
use crate::objects::{Heap, Id, Node};

/// Reads the one object of a pickle, which joblib or Python's pickle has written.
pub(crate) fn read<'a>(bytes: &'a [u8], heap: &mut Heap<'a>) -> Result<Id> {
    let mut cursor = Cursor::new(bytes);
    let at = |cursor: &Cursor, e: Error| e.at(format!("byte {}", cursor.at()));
    let id = Machine::new(heap, true).run(&mut cursor).map_err(|e| at(&cursor, e))?;
    Ok(id)
}

struct Machine<'h, 'a> {
    heap: &'h mut Heap<'a>,
    stack: Vec<Id>,
    /// The lengths of the stack at its marks.
    marks: Vec<usize>,
    memo: HashMap<u64, Id>,
    /// Arrays of joblib may lie between the opcodes. A pickle inside of such an array has none.
    has_arrays: bool,
}

impl<'h, 'a> Machine<'h, 'a> {
    fn new(heap: &'h mut Heap<'a>, has_arrays: bool) -> Self {
        Machine { heap, stack: Vec::new(), marks: Vec::new(), memo: HashMap::new(), has_arrays }
    }

    /// Runs to STOP.
    fn run(mut self, cursor: &mut Cursor<'a>) -> Result<Id> {
        loop {
            let opcode = cursor.u8()?;
            if opcode == b'.' {
                return self.pop();
            }
            self.step(opcode, cursor).map_err(|e| match opcode::name(opcode) {
                Some(name) => e.at(name),
                None => e,
            })?;
        }
    }

    #[allow(clippy::too_many_lines, reason = "one line per opcode")]
    fn step(&mut self, opcode: u8, cursor: &mut Cursor<'a>) -> Result<()> {
        match opcode {
            0x80 => match cursor.u8()? {
                0..=5 => {}
                n => return Err(bad(format!("expected a pickle of protocol 0 to 5, got {n}"))),
            },
            // Frames only say how much to read ahead.
            0x95 => drop(cursor.u64()?),
            b'(' => {
                self.heap.spend(1)?;
                self.marks.push(self.stack.len());
            }
            b'0' => match self.marks.last() {
                Some(&mark) if mark == self.stack.len() => drop(self.marks.pop()),
                _ => drop(self.pop()?),
            },
            b'1' => drop(self.pop_mark()?),
            b'2' => {
                let top = self.top()?;
                self.push_again(top)?;
            }
            b'N' => self.push(Node::None)?,
            0x88 => self.push(Node::Bool(true))?,
            0x89 => self.push(Node::Bool(false))?,
            b'J' => self.push(Node::Int(cursor.i32()?.into()))?,
            b'K' => self.push(Node::Int(cursor.u8()?.into()))?,
            b'M' => self.push(Node::Int(cursor.u16()?.into()))?,
            0x8a => {
                let n = cursor.u8()?;
                self.push_long(cursor.long(n.into())?)?;
            }
            0x8b => {
                let n = cursor.u32()?;
                self.push_long(cursor.long(n.into())?)?;
            }
            b'I' => match cursor.text_line()? {
                "00" => self.push(Node::Bool(false))?,
                "01" => self.push(Node::Bool(true))?,
                digits => self.push(Node::Int(parse(digits)?))?,
            },
            b'L' => {
                let digits = cursor.text_line()?;
                self.push_long(digits.strip_suffix('L').unwrap_or(digits).parse().ok())?;
            }
            b'F' => {
                let number = parse(cursor.text_line()?)?;
                self.push(Node::Float(number))?;
            }
            b'G' => self.push(Node::Float(cursor.f64()?))?,
            b'V' => {
                let text = cursor.escaped_line()?;
                self.push(Node::Text(text))?;
            }
            b'X' | 0x8c | 0x8d => {
                let n = length(opcode, [0x8c, b'X', 0x8d], cursor)?;
                let text = cursor.text(n)?;
                self.push(Node::Text(text.into()))?;
            }
            b'B' | b'C' | 0x8e | 0x96 => {
                let n = length(opcode, [b'C', b'B', 0x8e], cursor)?;
                let bytes = cursor.take(n)?;
                self.push(Node::Bytes(bytes.into()))?;
            }
            b']' => self.push(Node::List(Vec::new()))?,
            b'}' => self.push(Node::Dict(Vec::new()))?,
            b')' => self.push(Node::Tuple(Vec::new()))?,
            0x8f => self.push(Node::Set(Vec::new()))?,
            b'l' => {
                let all = self.pop_mark()?;
                self.push(Node::List(all))?;
            }
            b't' => {
                let all = self.pop_mark()?;
                self.push(Node::Tuple(all))?;
            }
            0x91 => {
                let all = self.pop_mark()?;
                self.push(Node::Set(all))?;
            }
            b'd' => {
                let entries = pairs(&self.pop_mark()?)?;
                self.push(Node::Dict(entries))?;
            }
            0x85..=0x87 => {
                let mut all = (0x85..=opcode).map(|_| self.pop()).collect::<Result<Vec<_>>>()?;
                all.reverse();
                self.push(Node::Tuple(all))?;
            }
            b'a' => {
                let element = self.pop()?;
                self.append(&[element])?;
            }
            b'e' | 0x90 => {
                let elements = self.pop_mark()?;
                self.append(&elements)?;
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.set_items(&[key, value])?;
            }
            b'u' => {
                let items = self.pop_mark()?;
                self.set_items(&items)?;
            }
            b'p' => {
                let index = parse(cursor.text_line()?)?;
                self.put(index)?;
            }
            b'q' => {
                let index = cursor.u8()?;
                self.put(index.into())?;
            }
            b'r' => {
                let index = cursor.u32()?;
                self.put(index.into())?;
            }
            0x94 => self.put(self.memo.len() as u64)?,
            b'g' => {
                let index = parse(cursor.text_line()?)?;
                self.push_remembered(index)?;
            }
            b'h' => {
                let index = cursor.u8()?;
                self.push_remembered(index.into())?;
            }
            b'j' => {
                let index = cursor.u32()?;
                self.push_remembered(index.into())?;
            }
            b'c' => {
                let (module, name) = (cursor.text_line()?, cursor.text_line()?);
                names::check(module, name)?;
                self.push(Node::Global { module: module.into(), name: name.into() })?;
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (Node::Text(module), Node::Text(name)) = (self.heap.get(module), self.heap.get(name))
                else {
                    return Err(bad("expected two texts"));
                };
                names::check(module, name)?;
                let global = Node::Global { module: module.clone(), name: name.clone() };
                self.push(global)?;
            }
            b'R' | 0x81 => {
                let (arguments, class) = (self.pop()?, self.pop()?);
                self.record(class, arguments)?;
            }
            0x92 => {
                let (_, arguments, class) = (self.pop()?, self.pop()?, self.pop()?);
                self.record(class, arguments)?;
            }
            b'b' => {
                let built = self.pop()?;
                let top = self.top()?;
                match self.heap.get_mut(top) {
                    Node::Object { state, .. } => *state = Some(built),
                    _ => return Err(bad(format!("expected an object, got {}", self.heap.describe(top)))),
                }
                if self.has_arrays && joblib::is_wrapper(self.heap, top) {
                    self.read_array(top, cursor)?;
                }
            }
            _ => {
                return Err(match opcode::name(opcode) {
                    Some(name) => {
                        bad(format!("expected a pickle of scikit-learn, which has no opcode {name}"))
                            .with_hint("save the classifier again with Python 3 and joblib.dump")
                    }
                    None => {
                        bad(format!("expected a pickle, joblib or skops file, got the byte {opcode:#04x}"))
                    }
                });
            }
        }
        Ok(())
    }

    fn push(&mut self, node: Node<'a>) -> Result<()> {
        let id = self.heap.add(node)?;
        self.stack.push(id);
        Ok(())
    }

    fn push_again(&mut self, id: Id) -> Result<()> {
        self.heap.spend(1)?;
        self.stack.push(id);
        Ok(())
    }

    fn push_long(&mut self, long: Option<i64>) -> Result<()> {
        self.push(long.map_or(Node::LargeInt, Node::Int))
    }

    /// The last element of the stack above its last mark.
    fn top(&self) -> Result<Id> {
        let bottom = self.marks.last().copied().unwrap_or(0);
        self.stack[bottom..].last().copied().ok_or_else(|| bad("expected an object on the stack, got none"))
    }

    fn pop(&mut self) -> Result<Id> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    /// The elements of the stack above its last mark.
    fn pop_mark(&mut self) -> Result<Vec<Id>> {
        let mark = self.marks.pop().ok_or_else(|| bad("expected a mark on the stack, got none"))?;
        Ok(self.stack.split_off(mark))
    }

    fn put(&mut self, index: u64) -> Result<()> {
        self.heap.spend(1)?;
        let top = self.top()?;
        self.memo.insert(index, top);
        Ok(())
    }

    fn push_remembered(&mut self, index: u64) -> Result<()> {
        let id = self.memo.get(&index).copied();
        self.push_again(id.ok_or_else(|| bad(format!("expected an object with number {index}, got none")))?)
    }

    /// Appends to the list or set on the stack.
    fn append(&mut self, elements: &[Id]) -> Result<()> {
        let top = self.top()?;
        self.heap.spend(elements.len())?;
        match self.heap.get_mut(top) {
            Node::List(all) | Node::Set(all) => all.extend_from_slice(elements),
            _ => return Err(bad(format!("expected a list, got {}", self.heap.describe(top)))),
        }
        Ok(())
    }

    /// Adds entries to the dictionary on the stack.
    fn set_items(&mut self, items: &[Id]) -> Result<()> {
        let top = self.top()?;
        self.heap.spend(items.len())?;
        let entries = pairs(items)?;
        match self.heap.get_mut(top) {
            Node::Dict(all) => all.extend(entries),
            // Entries of other classes of dictionaries, such as an OrderedDict: no classifier needs them.
            Node::Object { .. } => {}
            _ => return Err(bad(format!("expected a dictionary, got {}", self.heap.describe(top)))),
        }
        Ok(())
    }

    /// Pushes the record of a call.
    fn record(&mut self, class: Id, arguments: Id) -> Result<()> {
        let Some((module, name)) = self.heap.global(class) else {
            return Err(bad(format!("expected a class, got {}", self.heap.describe(class))));
        };
        let Some(given) = self.heap.elements(arguments) else {
            return Err(bad(format!("expected a tuple of arguments, got {}", self.heap.describe(arguments))));
        };
        // Protocols 0 and 1 spell a new object as a call with its class as the first argument.
        let class = match (module, name, given) {
            ("copyreg" | "copy_reg", "_reconstructor", [class, ..]) if self.heap.global(*class).is_some() => {
                *class
            }
            _ => class,
        };
        self.push(Node::Object { class, arguments, state: None })
    }

    /// Replaces the header of joblib on the stack by the array whose content follows.
    fn read_array(&mut self, header: Id, cursor: &mut Cursor<'a>) -> Result<()> {
        let header = joblib::wrapper(self.heap, header)?;
        self.pop()?;
        if header.is_of_objects() {
            let array = Machine::new(self.heap, false).run(cursor)?;
            return self.push_again(array);
        }
        let array = header.array(cursor)?;
        self.push(Node::Array(Box::new(array)))
    }
}

/// The length that follows an opcode: in one byte, in four, or in eight.
fn length(opcode: u8, [short, normal, _]: [u8; 3], cursor: &mut Cursor) -> Result<u64> {
    Ok(match opcode {
        _ if opcode == short => cursor.u8()?.into(),
        _ if opcode == normal => cursor.u32()?.into(),
        _ => cursor.u64()?,
    })
}

/// Keys with their values.
fn pairs(items: &[Id]) -> Result<Vec<(Id, Id)>> {
    let (pairs, rest) = items.as_chunks::<2>();
    match rest {
        [] => Ok(pairs.iter().map(|&[key, value]| (key, value)).collect()),
        _ => Err(bad("expected a value for each key")),
    }
}

fn parse<T: std::str::FromStr>(digits: &str) -> Result<T> {
    digits.trim().parse().map_err(|_| bad(format!("expected a number, got {digits:?}")))
}
