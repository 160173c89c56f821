//! Reads fenced code blocks (CommonMark 0.31 section 4.5) out of a text that comes in pieces. It knows nothing of
//! files. Each byte is looked at a bounded number of times, however the text is cut.

/// A longer line before a fence names no file.
const MAX_BEFORE_BYTES: usize = 512;

/// A fenced block, outermost only.
#[derive(Clone, Debug)]
pub(crate) struct Fence {
    pub info: String,
    /// The line of text before the fence that is not blank: often names the file.
    pub before: String,
    pub content: String,
    pub closed: bool,
    /// Where its first line begins and its last line ends in the text, in bytes.
    pub start: usize,
    pub end: usize,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Reader {
    /// The last line, as long as its end has not come.
    partial: String,
    open: Option<Open>,
    before: String,
    at: usize,
    /// Bytes looked at, for the test that this grows no faster than the text.
    #[cfg(test)]
    pub work: usize,
}

#[derive(Clone, Debug)]
struct Open {
    mark: char,
    length: usize,
    indent: usize,
    /// Markdown in a fence that is no longer than those inside it: models do that, and mean nesting.
    nests: bool,
    inside: bool,
    fence: Fence,
}

impl Reader {
    /// Takes the next piece of the text and adds the blocks that it ends to `done`.
    pub fn push(&mut self, mut piece: &str, done: &mut Vec<Fence>) {
        self.count(piece.len());
        while let Some(at) = piece.find('\n') {
            let (line, rest) = piece.split_at(at + 1);
            if self.partial.is_empty() {
                self.line(line, done);
            } else {
                let mut whole = std::mem::take(&mut self.partial);
                whole.push_str(line);
                self.line(&whole, done);
                whole.clear();
                self.partial = whole;
            }
            piece = rest;
        }
        self.partial.push_str(piece);
    }

    /// The text has ended: a block that is still open is given as it is.
    pub fn finish(mut self, done: &mut Vec<Fence>) -> usize {
        let last = std::mem::take(&mut self.partial);
        if !last.is_empty() {
            self.line(&last, done);
        }
        if let Some(mut open) = self.open.take() {
            open.fence.end = self.at;
            done.push(open.fence);
        }
        self.at
    }

    fn line(&mut self, line: &str, done: &mut Vec<Fence>) {
        self.count(line.len());
        let start = self.at;
        self.at += line.len();
        let bare = line.trim_end_matches(['\n', '\r']);
        let indent = bare.len() - bare.trim_start_matches(' ').len();
        let body = &bare[indent..];
        let Some(open) = &mut self.open else {
            self.open = self.opening(body, indent, start);
            if self.open.is_none() && !bare.trim().is_empty() {
                let bare = bare.trim();
                self.before.clear();
                self.before.push_str(if bare.len() <= MAX_BEFORE_BYTES { bare } else { "" });
            }
            return;
        };
        let run = if indent <= 3 { run(body, open.mark) } else { 0 };
        if run >= open.length {
            let rest = body[run..].trim_matches([' ', '\t']);
            if rest.is_empty() && !open.inside {
                if let Some(mut closed) = self.open.take() {
                    closed.fence.closed = true;
                    closed.fence.end = self.at;
                    done.push(closed.fence);
                }
                return;
            }
            if rest.is_empty() {
                open.inside = false;
            } else if open.nests && !rest.contains(open.mark) {
                open.inside = true;
            }
        }
        // A fence's own indentation is taken off its lines, as CommonMark says.
        open.fence.content.push_str(&line[indent.min(open.indent)..]);
    }

    fn opening(&mut self, body: &str, indent: usize, start: usize) -> Option<Open> {
        let mark = body.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let length = run(body, mark);
        let info = body[length..].trim();
        if indent > 3 || length < 3 || (mark == '`' && info.contains('`')) {
            return None;
        }
        let language = info.split([' ', '\t']).next().unwrap_or("");
        let nests = ["md", "markdown", "mdx"].iter().any(|word| language.eq_ignore_ascii_case(word));
        let fence = Fence {
            info: info.to_owned(),
            before: std::mem::take(&mut self.before),
            content: String::new(),
            closed: false,
            start,
            end: start,
        };
        Some(Open { mark, length, indent, nests, inside: false, fence })
    }

    #[cfg(test)]
    fn count(&mut self, bytes: usize) {
        self.work += bytes;
    }

    #[cfg(not(test))]
    #[expect(clippy::unused_self, reason = "only tests count")]
    fn count(&mut self, _bytes: usize) {}
}

/// How many of `mark`, a character of one byte, `text` begins with.
fn run(text: &str, mark: char) -> usize {
    text.len() - text.trim_start_matches(mark).len()
}
