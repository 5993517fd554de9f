//! JSONL: one record per line, as in `json_object.rs`.

use std::io::Read;

use super::json_object::ObjectReader;
use super::lines::LineReader;
use crate::dataset::example::Example;
use crate::error::Result;

pub(in crate::dataset) struct JsonlReader<R> {
    lines: LineReader<R>,
    pub(super) objects: ObjectReader,
}

impl<R: Read> JsonlReader<R> {
    pub(super) fn new(lines: LineReader<R>, objects: ObjectReader) -> Self {
        JsonlReader { lines, objects }
    }

    pub(super) fn lines(&self) -> &LineReader<R> {
        &self.lines
    }

    pub(super) fn next(&mut self) -> Result<Option<Example>> {
        while let Some(line) = self.lines.next_line()? {
            if line.text.trim().is_empty() {
                continue;
            }
            let example = self.objects.read(line.text, line.number);
            return example.map(Some).map_err(|error| error.at(format!("line {}", line.number)));
        }
        Ok(None)
    }
}
