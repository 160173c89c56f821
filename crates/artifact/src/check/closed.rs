//! A second opinion on C and shell, whose grammars cannot know every good file (macros in the one, old and rare forms in the
//! other): is everything closed that was opened? What a model cut off is not.

/// Whether every brace, bracket, text and comment of a C file is closed. Of the branches of `#if`, the last counts.
pub(super) fn c(content: &str) -> bool {
    let mut depth = 0_i64;
    let mut branches = Vec::new();
    let mut rest = content;
    let mut line_start = true;
    while let Some(c) = rest.chars().next() {
        if line_start && c == '#' {
            let word = rest[1..].trim_start_matches([' ', '\t']);
            if word.starts_with("if") {
                branches.push(depth);
            } else if word.starts_with("el") {
                depth = branches.last().copied().unwrap_or(depth);
            } else if word.starts_with("endif") {
                branches.pop();
            }
        }
        line_start = c == '\n' || (line_start && c.is_whitespace());
        let length = match c {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => match rest[2..].find("*/") {
                Some(end) => end + 4,
                None => return false,
            },
            '"' | '\'' => match quoted(rest, c, true) {
                Some(length) => length,
                None => return false,
            },
            _ => {
                depth += i64::from(matches!(c, '{' | '(' | '[')) - i64::from(matches!(c, '}' | ')' | ']'));
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    depth == 0
}

/// Whether every text, here-document and block of words (`if`, `case`, `do`, `{`) of a shell script is closed.
pub(super) fn shell(content: &str) -> bool {
    let mut open = [0_i64; 4];
    let mut documents: Vec<(&str, bool)> = Vec::new();
    let mut at_command = true;
    let mut rest = content;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '\n' => {
                rest = &rest[1..];
                at_command = true;
                for (end, tabs) in documents.drain(..) {
                    let Some(after) = after_document(rest, end, tabs) else { return false };
                    rest = after;
                }
                continue;
            }
            '\\' => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '\'' | '"' | '`' => match quoted(rest, c, c != '\'') {
                Some(length) => length,
                None => return false,
            },
            '<' if rest.starts_with("<<<") => 3,
            '<' if rest.starts_with("<<") => {
                let tabs = rest[2..].starts_with('-');
                let word = rest[2..].trim_start_matches('-').trim_start_matches([' ', '\t']);
                let word = word.trim_start_matches(['\'', '"', '\\']);
                let end =
                    word.find(|c: char| c.is_whitespace() || "'\";|&)<>".contains(c)).unwrap_or(word.len());
                // A shift in arithmetic is no document.
                if end > 0 && !word.starts_with(|c: char| c.is_ascii_digit() || c == '(' || c == '$') {
                    documents.push((&word[..end], tabs));
                }
                rest.len() - word.len() + end
            }
            ';' | '&' | '|' | '(' | ')' => {
                at_command = true;
                1
            }
            c if c.is_whitespace() => c.len_utf8(),
            _ => {
                let first = c.len_utf8();
                let end = rest[first..].find(|c: char| c.is_whitespace() || ";&|()<>'\"`\\".contains(c));
                let length = end.map_or(rest.len(), |end| first + end);
                let word = &rest[..length];
                if at_command {
                    for (count, (first, last)) in
                        open.iter_mut().zip([("if", "fi"), ("case", "esac"), ("do", "done"), ("{", "}")])
                    {
                        *count += i64::from(word == first) - i64::from(word == last);
                    }
                }
                // After these words another command begins.
                at_command = at_command
                    && matches!(
                        word,
                        "if" | "then"
                            | "else"
                            | "elif"
                            | "do"
                            | "while"
                            | "until"
                            | "{"
                            | "!"
                            | "time"
                            | "fi"
                            | "done"
                            | "esac"
                            | "}"
                    );
                length
            }
        };
        rest = &rest[length..];
    }
    documents.is_empty() && open.iter().all(|count| *count <= 0)
}

/// The length of the text that `rest` begins with, quotes included.
fn quoted(rest: &str, quote: char, escapes: bool) -> Option<usize> {
    let mut characters = rest.char_indices().skip(1);
    while let Some((at, c)) = characters.next() {
        if c == '\\' && escapes {
            characters.next();
        } else if c == quote {
            return Some(at + 1);
        }
    }
    None
}

fn after_document<'a>(text: &'a str, end: &str, tabs: bool) -> Option<&'a str> {
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let line = line.trim_end_matches('\r');
        if (if tabs { line.trim_start_matches('\t') } else { line }) == end {
            // The line's end stays, so that a command may begin after it.
            return Some(after);
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_script_that_is_cut_off_is_not_closed() {
        for script in [
            "if a; then\n  b\n",
            "f() {\n a\n",
            "for i in a b; do\n",
            "case $x in\n a) b ;;\n",
            "echo \"a\n",
            "cat <<EOF\na\n",
            "a 'b",
        ] {
            assert!(!shell(script), "{script}");
        }
        for script in [
            "for i do printf %s\\n \"$i\" | sed \"s/'/'\\\\''/g\" ; done\n",
            "cat >a <<\\EOF ||\n{ if\nEOF\ndie \"x\"\n",
            "n=$(($1 + 0)) 2>/dev/null && test \"$n\"\n",
            "if [ -x a ]; then echo if do case; fi # it's {\n",
            "echo $((1 << 3)) \"${a#b}\" <<< x\n",
            "f()\n{\n  a\n}\ncase $x in a) b;; esac\n",
            "while read -r a; do b; done <<-E\n\tx\n\tE\n",
        ] {
            assert!(shell(script), "{script}");
        }
    }

    #[test]
    fn a_c_file_that_is_cut_off_is_not_closed() {
        assert!(!c("int main(void) {\n  return 0;\n"));
        assert!(!c("/* a"));
        assert!(!c("char *a = \"b;\n"));
        assert!(c(
            "#if A\nvoid f(int a) {\n#else\nvoid f(void) {\n#endif\n  char c = '{'; // }\n}\nDEFINE(x)\n"
        ));
    }
}
