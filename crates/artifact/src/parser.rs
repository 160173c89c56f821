//! From the model's Markdown to files. The prompts ask that each file be a fenced block whose info string is
//! `LANGUAGE path=RELATIVE/PATH`; what comes in another form is inferred from its surroundings or marked invalid.

use std::ops::Range;

use aether_common::model::generation::{FileInfo, FileStatus, Kind};

use crate::{
    fence::{Fence, Reader},
    naming,
    path::{Taken, is_safe},
};

/// What comes after is not looked at: no artifact of ours has as many files.
const MAX_FILES: usize = 200;
/// An info string's word for content whose last line has no end. A fence alone cannot say that.
pub(crate) const NO_FINAL_NEWLINE: &str = "final-newline=no";

/// A file of the artifact with its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Relative, with `/`, in NFC. Unless the file is invalid: safe, unique without regard to case, and no other's folder.
    pub path: String,
    /// The fence's language word, lower-case; may be empty.
    pub language: String,
    /// The text between the fences.
    pub content: String,
    /// Whether it can be used.
    pub status: FileStatus,
}

/// Reads files from a text that comes in pieces. However the text is cut, the files are those of `parse`.
#[derive(Clone, Debug)]
pub struct Parser {
    kind: Kind,
    reader: Reader,
    found: Vec<Found>,
    taken: Taken,
    fences: usize,
    /// The first block, when it names no file: it is one only if no other comes.
    alone: Option<(Fence, String, &'static str)>,
}

/// A file, and the bytes of the text that its block is.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub file: File,
    pub span: Range<usize>,
    /// Whether the block itself says its path.
    pub named: bool,
}

/// The files in `text`, in its order. A fence that is still open at the end gives a truncated file.
pub fn parse(text: &str, kind: Kind) -> Vec<File> {
    let mut parser = Parser::new(kind);
    parser.push(text);
    parser.finish()
}

/// The files with their places, and whether the text ends inside a block.
pub(crate) fn locate(text: &str, kind: Kind) -> (Vec<Found>, bool) {
    let mut parser = Parser::new(kind);
    parser.push(text);
    parser.end()
}

impl File {
    /// What is told of the file.
    pub fn info(&self) -> FileInfo {
        FileInfo {
            path: self.path.clone(),
            language: self.language.clone(),
            bytes: self.content.len() as u64,
            status: self.status,
        }
    }
}

/// The files that can be written side by side under one folder: those that are whole and whose paths are safe and do
/// not clash. A file whose content is wrong is still among them: it is the user's.
pub fn writable(files: &[File]) -> impl Iterator<Item = &File> {
    let mut taken = Taken::default();
    files.iter().filter(move |file| {
        file.status != FileStatus::Truncated && is_safe(&file.path) && taken.take(&file.path)
    })
}

impl Parser {
    /// A parser at the start of a text.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            reader: Reader::default(),
            found: Vec::new(),
            taken: Taken::default(),
            fences: 0,
            alone: None,
        }
    }

    /// Takes the next piece of the text; it may end anywhere, also within a line.
    pub fn push(&mut self, piece: &str) {
        let mut done = Vec::new();
        self.reader.push(piece, &mut done);
        for fence in done {
            self.take(fence);
        }
    }

    /// The files as if the text ended here. Copies what was read so far: not to be called for every piece.
    pub fn files(&self) -> Vec<File> {
        self.clone().finish()
    }

    /// The files of the whole text.
    pub fn finish(self) -> Vec<File> {
        self.end().0.into_iter().map(|found| found.file).collect()
    }

    fn end(mut self) -> (Vec<Found>, bool) {
        let mut done = Vec::new();
        std::mem::take(&mut self.reader).finish(&mut done);
        let open = done.last().is_some_and(|fence| !fence.closed);
        for fence in done {
            self.take(fence);
        }
        if self.fences == 1
            && let Some((fence, language, path)) = self.alone.take()
        {
            self.add(fence, language, path.to_owned(), false);
        }
        (self.found, open)
    }

    fn take(&mut self, fence: Fence) {
        self.fences += 1;
        let language = naming::language(&fence.info);
        if let Some(path) = naming::path(&fence, &language) {
            self.add(fence, language, path, true);
        } else if self.fences == 1 {
            // One block alone is the artifact; among several, a block without a name is an example of use.
            self.alone = naming::usual_path(self.kind, &language).map(|path| (fence, language, path));
        }
    }

    fn add(&mut self, fence: Fence, language: String, path: String, named: bool) {
        if self.found.len() == MAX_FILES {
            return;
        }
        let usable = is_safe(&path) && self.taken.take(&path);
        let status = match (usable, fence.closed) {
            (false, _) => FileStatus::Invalid,
            (true, false) => FileStatus::Truncated,
            (true, true) => FileStatus::Complete,
        };
        let mut content = fence.content;
        if fence.closed
            && content.ends_with('\n')
            && fence.info.split_whitespace().any(|word| word == NO_FINAL_NEWLINE)
        {
            content.pop();
        }
        let file = File { path, language, content, status };
        self.found.push(Found { file, span: fence.start..fence.end, named });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str, kind: Kind) -> Vec<(String, FileStatus)> {
        parse(text, kind).into_iter().map(|file| (file.path, file.status)).collect()
    }

    #[test]
    fn reads_what_the_prompts_ask_for() {
        let text = "Here.\n\n```tsx path=src/App.tsx\nexport default 1;\n```\n\n```css path=\"src/my file.css\"\na{}\n```\nDone.";
        let files = parse(text, Kind::Ui);
        assert_eq!(files[0].path, "src/App.tsx");
        assert_eq!(files[0].language, "tsx");
        assert_eq!(files[0].content, "export default 1;\n");
        assert_eq!(files[1].path, "src/my file.css");
        assert!(files.iter().all(|file| file.status == FileStatus::Complete));
    }

    #[test]
    fn a_longer_fence_holds_a_shorter_one() {
        let text = "````md path=README.md\n```sh\nrun\n```\n````\n";
        let files = parse(text, Kind::Cli);
        assert_eq!(files.len(), 1);
        assert_eq!(files[0].content, "```sh\nrun\n```\n");
    }

    #[test]
    fn markdown_may_hold_blocks_in_fences_as_long_as_its_own() {
        let text = "```md path=README.md\nUse:\n```sh\nrun\n```\nEnd.\n```\n\n```py path=a.py\nx\n```\n";
        let files = parse(text, Kind::Cli);
        assert_eq!(files[0].content, "Use:\n```sh\nrun\n```\nEnd.\n");
        assert_eq!((files[1].path.as_str(), files[1].content.as_str()), ("a.py", "x\n"));
    }

    #[test]
    fn an_open_fence_is_a_truncated_file() {
        assert_eq!(paths("```py path=a.py\nprint(", Kind::Code), [("a.py".into(), FileStatus::Truncated)]);
    }

    #[test]
    fn a_path_is_inferred_from_the_heading_the_comment_or_the_kind() {
        let path = |text: &str, kind| paths(text, kind)[0].0.clone();
        for text in [
            "### `src/a.ts`\n```ts\nx\n```",
            "**src/a.ts**\n```ts\nx\n```",
            "1. **src/a.ts:**\n\n```ts\nx\n```",
            "File: `src/a.ts`\n```ts\nx\n```",
            "```ts src/a.ts\nx\n```",
            "```ts:src/a.ts\nx\n```",
            "```src/a.ts\nx\n```",
            "```ts title=\"./src//a.ts\"\nx\n```",
            "```ts {path=src/a.ts}\nx\n```",
            "```ts\n// src/a.ts\nx\n```",
            "~~~ts path=src/a.ts\nx\n~~~",
        ] {
            assert_eq!(path(text, Kind::Ui), "src/a.ts", "{text}");
        }
        assert_eq!(parse("```ts:src/a.ts\nx\n```", Kind::Ui)[0].language, "ts");
        assert_eq!(path("```python\nx\n```", Kind::Code), "main.py");
        assert_eq!(path("```yaml\nopenapi: 3.1.0\n```", Kind::Api), "openapi.yaml");
    }

    #[test]
    fn an_example_of_use_is_no_file() {
        assert_eq!(paths("```py path=a.py\nx\n```\nRun:\n```sh\npython a.py\n```", Kind::Cli).len(), 1);
        assert_eq!(paths("```py path=a.py\nx\n```\n`a.py`:\n```sh\npython a.py\n```", Kind::Cli).len(), 1);
        assert_eq!(paths("```py path=a.py\nx\n```\n### Node.js\n```sh\nnpm i\n```", Kind::Cli).len(), 1);
    }

    #[test]
    fn a_path_that_cannot_be_used_or_is_taken_makes_the_later_file_invalid() {
        let block = |path: &str| format!("```py path={path}\nx\n```\n");
        let text: String = ["../x.py", "A.py", "a.py", "a.py/b.py", "src/x.py", "SRC", "./a//b.py", "a/b.py"]
            .map(block)
            .concat();
        let files = paths(&text, Kind::Code);
        let status: Vec<_> = files.iter().map(|(_, status)| *status == FileStatus::Complete).collect();
        assert_eq!(status, [false, true, false, false, true, false, true, false]);
        assert_eq!(files[6].0, "a/b.py");
        let all = parse(&text, Kind::Code);
        let kept: Vec<_> = writable(&all).map(|file| file.path.as_str()).collect();
        assert_eq!(kept, ["A.py", "src/x.py", "a/b.py"]);
    }

    #[test]
    fn the_number_of_files_is_bounded() {
        use std::fmt::Write;
        let mut text = String::new();
        for number in 0..500 {
            let _ = writeln!(text, "```py path=a{number}.py\n```");
        }
        assert_eq!(parse(&text, Kind::Code).len(), MAX_FILES);
    }

    #[test]
    fn the_work_grows_with_the_text_and_not_with_its_square() {
        const LENGTH: usize = 1 << 18;
        for unit in
            ["`", "~", "```\n", "```a path=", "path", "``` ", " ", "\r", "a\n", "```md x\n", "/", "ä`\n"]
        {
            let text = unit.repeat(LENGTH / unit.len());
            for size in [1, 2, 1000, text.len()] {
                let mut parser = Parser::new(Kind::Code);
                let mut rest = text.as_str();
                while !rest.is_empty() {
                    let mut end = size.min(rest.len());
                    while !rest.is_char_boundary(end) {
                        end += 1;
                    }
                    parser.push(&rest[..end]);
                    rest = &rest[end..];
                }
                assert!(parser.reader.work <= 2 * text.len(), "{unit:?} in pieces of {size}");
                parser.finish();
            }
        }
    }

    #[test]
    fn no_cut_of_a_text_changes_what_its_pieces_give() {
        let text = "Ä ```` ~~~\n~~~js path='é.js' x\n  ```\n~~~\n   ```ts\n// a.ts\r\nx\r\n   ```\n```md path=b\n```a\n```\n";
        for end in (0..=text.len()).filter(|end| text.is_char_boundary(*end)) {
            for kind in Kind::ALL {
                let mut parser = Parser::new(kind);
                parser.push(&text[..end]);
                assert_eq!(parser.files(), parse(&text[..end], kind));
                parser.push(&text[end..]);
                assert_eq!(parser.finish(), parse(text, kind));
            }
        }
    }
}
