//! Reads a provider's stream: bytes in pieces of any size to chunks. Pure, so that it can be fuzzed: the same bytes give the
//! same chunks however they are cut, nothing panics, and nothing grows past a bound.

use super::{Chunk, ProviderError, wire};

/// A server that sends more than this without ending a line, or an event, is not answering.
pub const MAX_LINE_BYTES: usize = 1024 * 1024;
/// No answer of a model is as long.
pub const MAX_ANSWER_BYTES: usize = 32 * 1024 * 1024;

/// What is read of one stream (`text/event-stream`). It is over after `[DONE]`, after an error and after
/// [`end`](Self::end): what is pushed then is ignored.
#[derive(Debug)]
pub struct Reader {
    max_line: usize,
    /// Bytes that may still come.
    room: usize,
    line: Vec<u8>,
    /// The `data:` lines of the event so far; `None`: none yet.
    data: Option<Vec<u8>>,
    /// The last byte was a carriage return: a line feed that follows belongs to it.
    after_return: bool,
    first_line: bool,
    finished: bool,
    over: bool,
}

/// The items that were read.
pub type Items = Vec<Result<Chunk, ProviderError>>;

/// All items of a stream that comes in these pieces and then ends.
pub fn read_all<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Items {
    let mut reader = Reader::default();
    let mut items = Items::new();
    for piece in pieces {
        reader.push(piece, &mut items);
    }
    reader.end(None, &mut items);
    items
}

impl Default for Reader {
    fn default() -> Self {
        Self::bounded(MAX_LINE_BYTES, MAX_ANSWER_BYTES)
    }
}

impl Reader {
    fn bounded(max_line: usize, max_all: usize) -> Self {
        Self {
            max_line,
            room: max_all,
            line: Vec::new(),
            data: None,
            after_return: false,
            first_line: true,
            finished: false,
            over: false,
        }
    }

    /// Whether nothing more will be read.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Reads the next bytes.
    pub fn push(&mut self, bytes: &[u8], items: &mut Items) {
        let fits = bytes.len().min(self.room);
        let mut rest = &bytes[..fits];
        self.room -= fits;
        while !self.over && !rest.is_empty() {
            if std::mem::take(&mut self.after_return) && rest[0] == b'\n' {
                rest = &rest[1..];
                continue;
            }
            let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let part = &rest[..end.unwrap_or(rest.len())];
            if self.line.len() + part.len() > self.max_line {
                self.fail("more than a line may have", items);
                return;
            }
            self.line.extend_from_slice(part);
            let Some(end) = end else { break };
            self.after_return = rest[end] == b'\r';
            rest = &rest[end + 1..];
            self.end_line(items);
        }
        if fits < bytes.len() {
            self.fail("more than an answer may have", items);
        }
    }

    /// The stream has ended, with the error that broke it or as it should. An answer without a finish reason is cut.
    pub fn end(&mut self, broken: Option<String>, items: &mut Items) {
        if !self.over && !self.finished {
            let why = broken.unwrap_or_else(|| "the stream ended without a finish reason".into());
            items.push(Err(ProviderError::Cut(why)));
        }
        self.over = true;
    }

    fn fail(&mut self, why: &str, items: &mut Items) {
        // Once the reason is told the text is whole; what follows takes nothing away.
        if !self.over && !self.finished {
            items.push(Err(ProviderError::Garbage(why.into())));
        }
        self.over = true;
    }

    fn end_line(&mut self, items: &mut Items) {
        let line = std::mem::take(&mut self.line);
        let mut text = line.as_slice();
        if std::mem::take(&mut self.first_line) {
            text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        }
        if text.is_empty() {
            if let Some(data) = self.data.take() {
                self.event(&data, items);
            }
        } else if let Some(value) = text.strip_prefix(b"data:").or_else(|| (text == b"data").then_some(b"")) {
            let value = value.strip_prefix(b" ").unwrap_or(value);
            let data = self.data.get_or_insert_default();
            if data.len() + value.len() > self.max_line {
                self.fail("more than an event may have", items);
                return;
            }
            // Several `data:` lines are one text.
            if !data.is_empty() {
                data.push(b'\n');
            }
            data.extend_from_slice(value);
        }
        self.line = line;
        self.line.clear();
    }

    fn event(&mut self, data: &[u8], items: &mut Items) {
        let Ok(data) = std::str::from_utf8(data) else {
            items.push(Err(ProviderError::Garbage("what is not UTF-8".into())));
            self.over = true;
            return;
        };
        match data.trim() {
            "" => {}
            "[DONE]" => self.end(None, items),
            data => match wire::read(data) {
                Ok(chunks) => {
                    self.finished |= chunks.iter().any(|chunk| matches!(chunk, Chunk::Finish(_)));
                    items.extend(chunks.into_iter().map(Ok));
                }
                Err(error) => {
                    items.push(Err(error));
                    self.over = true;
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use aether_common::model::generation::Usage;
    use proptest::prelude::*;

    use super::*;
    use crate::provider::Finish;

    fn text(text: &str) -> Chunk {
        Chunk::Text(text.into())
    }

    fn one(stream: &str) -> Items {
        read_all([stream.as_bytes()])
    }

    const STOP: &str = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";

    fn says(text: &str) -> String {
        format!("data: {{\"choices\":[{{\"delta\":{{\"content\":{}}}}}]}}\n\n", serde_json::Value::from(text))
    }

    #[test]
    fn all_ways_to_write_an_event_stream_are_read() {
        let whole = vec![Ok(text("a ö")), Ok(Chunk::Finish(Finish::Stop))];
        let plain = says("a ö") + STOP;
        assert_eq!(one(&plain), whole, "no [DONE] is needed after a finish reason");
        for stream in [
            plain.clone() + "data: [DONE]\n\n" + &says("after the end"),
            plain.replace('\n', "\r\n"),
            plain.replace('\n', "\r"),
            plain.replace("data: ", "data:"),
            format!("\u{feff}{plain}"),
            format!(": a comment\n\nevent: message\nid: 7\nretry: 5\n{plain}"),
            format!("\n\n\ndata\n\ndata:\n\n{plain}"),
            plain.replace("[{\"delta\"", "[\ndata: {\"delta\""),
        ] {
            assert_eq!(one(&stream), whole, "{stream:?}");
        }
    }

    #[test]
    fn an_answer_is_whole_only_with_a_finish_reason() {
        for cut in ["", "data: [DONE]\n\n", "data: {\"choices\":[]}\n\n", ": hello\n"] {
            assert!(matches!(one(cut)[..], [Err(ProviderError::Cut(_))]), "{cut:?}");
        }
        let unended = says("a") + STOP.trim_end();
        assert!(matches!(one(&unended)[..], [Ok(_), Err(ProviderError::Cut(_))]), "half an event is none");
        let mut items = Items::new();
        let mut reader = Reader::default();
        reader.push((says("a") + STOP).as_bytes(), &mut items);
        reader.end(Some("reset".into()), &mut items);
        assert_eq!(
            items,
            [Ok(text("a")), Ok(Chunk::Finish(Finish::Stop))],
            "a break after the end takes nothing"
        );
        let usage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\n";
        let counted = Ok(Chunk::Usage(Usage { input_tokens: 1, output_tokens: 2 }));
        assert_eq!(one(&(STOP.to_owned() + usage)).last(), Some(&counted));
    }

    #[test]
    fn nonsense_ends_it_with_one_error() {
        let html = "data: <!doctype html>\n\n";
        let wrong = "data: {\"choices\":[{\"delta\":{\"content\":7}}]}\n\n";
        for bad in [html, wrong, "data: \"x\"\n\n", "data: 7\n\n"] {
            let items = one(&(says("a") + bad + STOP));
            assert!(matches!(items[..], [Ok(_), Err(ProviderError::Garbage(_))]), "{bad}: {items:?}");
        }
        let latin = read_all([&b"data: {\"choices\":[{\"delta\":{\"content\":\"\xe9\"}}]}\n\n"[..]]);
        assert!(matches!(latin[..], [Err(ProviderError::Garbage(_))]));
        let tools = "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0}],\"content\":null}}]}\n\n";
        assert_eq!(
            one(&(tools.to_owned() + &says("a") + STOP)).len(),
            2,
            "what we did not ask for is not text"
        );
    }

    #[test]
    fn a_line_an_event_and_an_answer_are_bounded() {
        let read = |line, all, stream: &str| {
            let (mut reader, mut items) = (Reader::bounded(line, all), Items::new());
            reader.push(stream.as_bytes(), &mut items);
            assert!(
                reader.line.len() <= line && reader.data.as_ref().is_none_or(|data| data.len() <= line + 1)
            );
            reader.end(None, &mut items);
            items
        };
        for (line, all, stream) in [
            (100, 1000, "x".repeat(101)),
            (100, 1000, "data: 123456789\n".repeat(20)),
            (100, 1000, ": comment\n".repeat(101)),
        ] {
            assert!(matches!(read(line, all, &stream)[..], [Err(ProviderError::Garbage(_))]), "{stream}");
        }
        assert_eq!(read(100, 1000, &(STOP.to_owned() + &"x".repeat(2000))).len(), 1);
    }

    /// A stream, more or less.
    fn streams() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            4 => any::<String>().prop_map(|text| says(&text).into_bytes()),
            1 => Just(STOP.as_bytes().to_vec()),
            1 => Just(b"data: [DONE]\n\n".to_vec()),
            1 => Just(b"data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\r\n\r\n".to_vec()),
            1 => Just(b"data: {\"error\":{\"message\":\"no\"}}\n\n".to_vec()),
            1 => Just(": ping\r\r".into()),
            2 => prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b':'), Just(b' '), any::<u8>()], 0..20),
            1 => "data[: ]{0,3}[\\[\\]{}\",a-z:]{0,20}[\r\n]{0,3}".prop_map(String::into_bytes),
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn any_cut_of_the_bytes_gives_the_same(bytes in streams(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20), line in 16_usize..400, all in 16_usize..2000) {
            let whole = {
                let (mut reader, mut items) = (Reader::bounded(line, all), Items::new());
                reader.push(&bytes, &mut items);
                reader.end(None, &mut items);
                items
            };
            let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            places.extend([0, bytes.len()]);
            places.sort_unstable();
            let (mut reader, mut items) = (Reader::bounded(line, all), Items::new());
            for pair in places.windows(2) {
                reader.push(&bytes[pair[0]..pair[1]], &mut items);
            }
            reader.end(None, &mut items);
            prop_assert_eq!(&items, &whole);
            let (mut reader, mut items) = (Reader::bounded(line, all), Items::new());
            for byte in &bytes {
                reader.push(std::slice::from_ref(byte), &mut items);
            }
            reader.end(None, &mut items);
            prop_assert_eq!(&items, &whole);
            // One end, and nothing after an error.
            let errors = whole.iter().filter(|item| item.is_err()).count();
            let finished = whole.iter().any(|item| matches!(item, Ok(Chunk::Finish(_))));
            prop_assert!(errors <= 1 && (errors == 1 || finished));
            prop_assert!(errors == 0 || whole.last().is_some_and(Result::is_err));
        }

        #[test]
        fn all_text_arrives_byte_for_byte(texts in prop::collection::vec(any::<String>(), 0..10), step in 1_usize..30) {
            let stream: String = texts.iter().map(|text| says(text)).collect::<String>() + STOP;
            let items = read_all(stream.as_bytes().chunks(step));
            let heard: String = items.iter().filter_map(|item| match item {
                Ok(Chunk::Text(text)) => Some(text.as_str()),
                _ => None,
            }).collect();
            prop_assert_eq!(heard, texts.concat());
            prop_assert!(items.iter().all(Result::is_ok));
        }
    }
}
