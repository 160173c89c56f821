//! Writes web apps: React, TypeScript and Tailwind in a few small files, or one HTML page when that is asked for.

mod apps;
mod crud;
mod form;
mod formula;
mod page;
mod row;
mod templates;

use crate::{
    ask::Language,
    literal,
    markdown::{Artifact, File},
    reading::Reading,
};

/// The whole answer of the kind `ui`.
pub fn write(reading: &Reading) -> Artifact {
    if reading.language == Some(Language::Html) {
        return page::write(reading);
    }
    let app = apps::find(reading).unwrap_or_else(|| crud::app(reading));
    app.into_artifact(reading)
}

/// An app before its look is decided. `App.tsx` must be among the files.
pub struct App {
    pub intro: String,
    pub closing: String,
    /// Path under `src/` and text.
    pub files: Vec<(String, String)>,
}

impl App {
    fn into_artifact(self, reading: &Reading) -> Artifact {
        let mut files = Vec::new();
        for (path, text) in self.files {
            let text = text.replace("§accent§", reading.accent).replace("§hex§", hex(reading.accent));
            let text = if reading.dark && is_tsx(&path) { darkened(&text) } else { text };
            let path = if reading.dark && path == "App.tsx" { "Main.tsx".to_owned() } else { path };
            let language = if is_tsx(&path) { "tsx" } else { "ts" };
            files.push(File::new(language, format!("src/{path}"), text));
        }
        if reading.dark {
            files.push(File::new("tsx", "src/App.tsx", include_str!("../templates/ui/DarkApp.tsx")));
            files.push(File::new("css", "src/index.css", include_str!("../templates/ui/dark.css")));
        }
        // The entry comes first, so that a reader meets it first.
        files.sort_by_key(|file| (file.path != "src/App.tsx", file.path != "src/Main.tsx"));
        Artifact { intro: self.intro, files, closing: self.closing }
    }
}

fn is_tsx(path: &str) -> bool {
    path.rsplit('.').next() == Some("tsx")
}

/// The title for the page: the one given, or this one.
pub fn title(reading: &Reading, own: &str) -> String {
    literal::words(reading.given_title.as_deref().unwrap_or(own))
}

fn hex(accent: &str) -> &'static str {
    match accent {
        "blue" => "#2563eb",
        "emerald" => "#059669",
        "red" => "#dc2626",
        "violet" => "#7c3aed",
        "pink" => "#db2777",
        "orange" => "#ea580c",
        "amber" => "#d97706",
        "teal" => "#0d9488",
        "cyan" => "#0891b2",
        "rose" => "#e11d48",
        "lime" => "#65a30d",
        "neutral" => "#525252",
        _ => "#4f46e5",
    }
}

/// Gives every light class its dark twin.
fn darkened(tsx: &str) -> String {
    const TWINS: &[(&str, &str)] = &[
        ("bg-white", "bg-slate-900"),
        ("bg-slate-50", "bg-slate-950"),
        ("bg-slate-100", "bg-slate-800"),
        ("bg-slate-200", "bg-slate-700"),
        ("bg-red-50", "bg-red-950"),
        ("bg-amber-50", "bg-amber-950"),
        ("bg-emerald-50", "bg-emerald-950"),
        ("text-slate-900", "text-slate-100"),
        ("text-slate-800", "text-slate-200"),
        ("text-slate-700", "text-slate-200"),
        ("text-slate-600", "text-slate-300"),
        ("text-slate-500", "text-slate-400"),
        ("border-slate-200", "border-slate-800"),
        ("border-slate-300", "border-slate-700"),
        ("hover:bg-slate-50", "hover:bg-slate-800"),
        ("hover:bg-slate-100", "hover:bg-slate-800"),
        ("hover:bg-slate-200", "hover:bg-slate-700"),
        ("hover:text-slate-900", "hover:text-slate-100"),
        ("divide-slate-200", "divide-slate-800"),
    ];
    let mut out = String::with_capacity(tsx.len() * 2);
    let mut word = String::new();
    let flush = |word: &mut String, out: &mut String| {
        out.push_str(word);
        if let Some((_, dark)) = TWINS.iter().find(|(light, _)| light == word) {
            out.push_str(" dark:");
            out.push_str(dark);
        }
        word.clear();
    };
    for letter in tsx.chars() {
        if letter.is_ascii_alphanumeric() || matches!(letter, '-' | ':') {
            word.push(letter);
        } else {
            flush(&mut word, &mut out);
            out.push(letter);
        }
    }
    flush(&mut word, &mut out);
    out
}
