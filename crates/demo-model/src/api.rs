//! Writes an OpenAPI 3.1 document and a README for the things and verbs of a prompt.

mod operations;
mod schemas;
mod verbs;

use crate::{
    doc::{Doc, map},
    literal,
    markdown::{Artifact, File},
    reading::{Entity, Reading},
    words,
};

/// The whole answer of the kind `api`.
pub fn write(reading: &Reading) -> Artifact {
    let api = Api::new(reading);
    let json =
        reading.all.has(&["json file", "as json", "in json", "openapi json", "json format", "openapi.json"]);
    let document = api.document();
    let (path, language, body) = if json {
        ("openapi.json", "json", document.to_json())
    } else {
        ("openapi.yaml", "yaml", document.to_yaml())
    };
    let things: Vec<&str> = api.entities.iter().map(|entity| entity.plural.as_str()).collect();
    let verbs: Vec<String> = api
        .verbs
        .iter()
        .map(|(verb, at)| format!("{} a {}", verb.spoken(), api.entities[*at].singular))
        .collect();
    let verbs =
        if verbs.is_empty() { String::new() } else { format!(" You can also {}.", join(&verbs, "and")) };
    let intro = format!(
        "An OpenAPI 3.1 document for {}: list with search, filters and paging, create, read, replace, change and delete.{verbs}",
        join(&things, "and"),
    );
    let readme = api.readme(path);
    Artifact {
        intro,
        files: vec![File::new(language, path, body), File::new("markdown", "README.md", readme)],
        closing: format!(
            "Start it as a live API, or load `{path}` into any OpenAPI tool; README.md has curl calls to try."
        ),
    }
}

/// `a, b and c`.
pub fn join<T: AsRef<str>>(items: &[T], word: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} {word} {}", first.join(", "), last.as_ref())
        }
    }
}

struct Api {
    title: String,
    line: String,
    entities: Vec<Entity>,
    /// For each thing, the thing it lives under.
    parents: Vec<Option<usize>>,
    verbs: Vec<(verbs::Verb, usize)>,
    guarded: bool,
}

impl Api {
    fn new(reading: &Reading) -> Self {
        let mut entities = reading.entities.clone();
        let mut parents = vec![None; entities.len()];
        for (parent, child) in &reading.nested {
            if parents.get(*parent).is_some_and(Option::is_none) {
                parents[*child] = Some(*parent);
            }
        }
        let verbs = verbs::of(reading, &entities);
        for (verb, at) in &verbs {
            verb.shape(&mut entities[*at]);
        }
        let subject = match (&reading.given_title, &reading.domain) {
            (Some(title), _) => title.clone(),
            (None, Some(place)) if entities.len() > 1 || verbs.is_empty() => words::capital(place),
            _ => {
                let things: Vec<String> =
                    entities.iter().take(2).map(|e| words::capital(&e.plural)).collect();
                join(&things, "and")
            }
        };
        let guarded = reading.all.has(&[
            "authentication",
            "auth",
            "jwt",
            "login",
            "bearer",
            "token",
            "tokens",
            "api key",
            "oauth",
            "secured",
        ]);
        let title = if subject.to_lowercase().ends_with("api") { subject } else { format!("{subject} API") };
        Self { title, line: reading.line.clone(), entities, parents, verbs, guarded }
    }

    fn document(&self) -> Doc {
        let tags = self
            .entities
            .iter()
            .map(|e| {
                let about = format!("{} and what can be done with them.", words::capital(&e.plural));
                map([("name", words::capital(&e.plural).into()), ("description", about.into())])
            })
            .collect::<Vec<_>>();
        let about = if self.line.is_empty() { self.title.clone() } else { self.line.clone() };
        let mut doc = map([
            ("openapi", Doc::Text("3.1.0".to_owned())),
            (
                "info",
                map([
                    ("title", self.title.as_str().into()),
                    ("version", "1.0.0".into()),
                    ("description", literal::words(&format!("Made for: {about}")).into()),
                    ("license", map([("name", "MIT".into()), ("identifier", "MIT".into())])),
                ]),
            ),
            (
                "servers",
                vec![map([("url", "/".into()), ("description", "Where this document is served".into())])]
                    .into(),
            ),
            ("tags", tags.into()),
        ]);
        if self.guarded {
            doc.put("security", vec![map([("bearerAuth", Doc::List(Vec::new()))])]);
        }
        let mut paths = map([]);
        for at in 0..self.entities.len() {
            operations::paths(self, at, &mut paths);
        }
        if self.guarded {
            operations::sign_in(&mut paths);
        }
        doc.put("paths", paths);
        doc.put("components", self.components());
        doc
    }

    fn components(&self) -> Doc {
        let mut all = map([]);
        for entity in &self.entities {
            let name = entity.pascal();
            all.put(&name, schemas::full(entity));
            all.put(&format!("{name}Input"), schemas::input(entity, true));
            all.put(&format!("{name}Patch"), schemas::input(entity, false));
        }
        for (verb, at) in &self.verbs {
            if let Some(body) = verb.body() {
                all.put(&verb.schema_name(&self.entities[*at]), body);
            }
        }
        if self.guarded {
            all.put("Credentials", schemas::credentials());
            all.put("Session", schemas::session());
        }
        all.put("Problem", schemas::problem());
        let mut components = map([
            ("schemas", all),
            ("parameters", operations::shared_parameters()),
            ("responses", operations::shared_responses(self.guarded)),
        ]);
        if self.guarded {
            let scheme =
                map([("type", "http".into()), ("scheme", "bearer".into()), ("bearerFormat", "JWT".into())]);
            components.put("securitySchemes", map([("bearerAuth", scheme)]));
        }
        components
    }

    /// `/posts/{postId}/comments` and the names of its path parameters.
    fn collection(&self, at: usize) -> (String, Vec<String>) {
        let entity = &self.entities[at];
        let own = words::spaced(&entity.many()).replace(' ', "-");
        match self.parents[at] {
            None => (format!("/{own}"), Vec::new()),
            Some(parent) => {
                let (path, mut names) = self.collection(parent);
                let name = format!("{}Id", self.entities[parent].name);
                let path = format!("{path}/{{{name}}}/{own}");
                names.push(name);
                (path, names)
            }
        }
    }

    fn readme(&self, document: &str) -> String {
        let mut out = format!(
            "# {}\n\n{}\n\nThe contract is `{document}`. Set `BASE` to where the API runs:\n\n",
            self.title,
            literal::words(&self.line)
        );
        out.push_str("```sh\nBASE=http://localhost:8080\n```\n");
        for (at, entity) in self.entities.iter().enumerate() {
            let (path, names) = self.collection(at);
            let path = names.iter().fold(path, |path, name| path.replace(&format!("{{{name}}}"), "1"));
            let body = schemas::example_input(entity, 0).to_line().replace('\'', "’");
            out.push_str(&format!("\n## {}\n\n```sh\n", words::capital(&entity.plural)));
            out.push_str(&format!("curl \"$BASE{path}?limit=10\"\n"));
            out.push_str(&format!(
                "curl -X POST \"$BASE{path}\" -H 'Content-Type: application/json' \\\n  -d '{body}'\n"
            ));
            out.push_str(&format!("curl \"$BASE{path}/1\"\ncurl -X DELETE \"$BASE{path}/1\"\n"));
            for (verb, _) in self.verbs.iter().filter(|(_, of)| *of == at) {
                let body = verb.example().to_line().replace('\'', "’");
                out.push_str(&format!(
                    "curl -X POST \"$BASE{path}/1/{}\" -H 'Content-Type: application/json' -d '{body}'\n",
                    verb.name
                ));
            }
            out.push_str("```\n");
        }
        out.push_str("\nErrors are `application/problem+json` with `type`, `title`, `status`, `detail` and, for invalid fields, `errors`.\n");
        out
    }
}
