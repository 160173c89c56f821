//! The form of an answer: a plain sentence, fenced files, a closing line. What the files hold comes from elsewhere.

/// An answer before it is text.
pub struct Artifact {
    pub intro: String,
    pub files: Vec<File>,
    pub closing: String,
}

/// One file of an artifact.
pub struct File {
    pub language: &'static str,
    pub path: String,
    pub body: String,
}

impl File {
    pub fn new(language: &'static str, path: impl Into<String>, body: impl Into<String>) -> Self {
        Self { language, path: path.into(), body: body.into() }
    }
}

impl Artifact {
    /// Puts a syntax error at the end of the main file, which is the first.
    pub fn break_main(&mut self) {
        if let Some(main) = self.files.first_mut() {
            main.body.push_str(match main.language {
                "json" => "\n}",
                "yaml" => "\nbroken: [1, 2\n",
                "python" => "\n\ndef broken(:\n",
                "rust" => "\nfn broken( {\n",
                "go" => "\nfunc broken( {\n",
                "html" => "\n<script>const broken = {;</script>\n",
                _ => "\nfunction broken( {\n",
            });
        }
    }

    pub fn to_markdown(&self) -> String {
        let mut out = format!("{}\n", self.intro.trim());
        for file in &self.files {
            let fence = "`".repeat((longest_backtick_run(&file.body) + 1).max(3));
            let body = file.body.trim_end_matches('\n').trim_start_matches('\n');
            out.push_str(&format!("\n{fence}{} path={}\n{body}\n{fence}\n", file.language, file.path));
        }
        out.push_str(&format!("\n{}\n", self.closing.trim()));
        out
    }
}

fn longest_backtick_run(text: &str) -> usize {
    text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0)
}
