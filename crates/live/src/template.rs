//! Path templates (`/boards/{boardId}/cards`), and which of them a request's path fits.

use percent_encoding::percent_decode_str;

/// A path as the document writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// As written.
    pub text: String,
    segments: Vec<Segment>,
}

/// Literals and names in turn: `{a}-{b}.json` has both.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Segment(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Name(String),
}

impl Template {
    pub fn parse(text: &str) -> Self {
        let segments = text.trim_start_matches('/').split('/').map(Segment::parse).collect();
        Self { text: text.to_owned(), segments }
    }

    /// The decoded values of the path's parameters, when it fits.
    pub fn fit(&self, path: &str) -> Option<Vec<(&str, String)>> {
        let given: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        if given.len() != self.segments.len() {
            return None;
        }
        let mut values = Vec::new();
        for (segment, given) in self.segments.iter().zip(given) {
            let decoded = percent_decode_str(given).decode_utf8().ok()?;
            segment.fit(&decoded, &mut values)?;
        }
        Some(values)
    }

    /// Of two that fit, the one with more that is written out comes first (OpenAPI 3.1, "Path Templating Matching").
    pub fn rank(&self) -> Vec<u8> {
        let names = |segment: &Segment| segment.0.iter().any(|part| matches!(part, Part::Name(_)));
        let texts = |segment: &Segment| segment.0.iter().any(|part| matches!(part, Part::Text(_)));
        let rank = |segment: &Segment| match (names(segment), texts(segment)) {
            (false, _) => 0,
            (true, true) => 1,
            (true, false) => 2,
        };
        self.segments.iter().map(rank).collect()
    }

    /// The collection and the name of its key, when this is the path of one thing in a collection.
    pub fn item_of(&self) -> Option<(String, &str)> {
        let (last, before) = self.segments.split_last()?;
        let [Part::Name(name)] = last.0.as_slice() else { return None };
        let literal = before.last().is_some_and(|segment| matches!(segment.0.as_slice(), [Part::Text(_)]));
        let collection = self.text.rsplit_once('/')?.0;
        literal.then(|| (collection.to_owned(), name.as_str()))
    }

    /// The path of the thing that this path lies under: `/boards/{boardId}` of `/boards/{boardId}/cards`.
    pub fn parent(&self) -> Option<Self> {
        let (last, before) = self.segments.split_last()?;
        let owned = matches!(last.0.as_slice(), [Part::Text(_)])
            && before.last().is_some_and(|segment| matches!(segment.0.as_slice(), [Part::Name(_)]));
        owned.then(|| self.text.rsplit_once('/').map(|(parent, _)| Self::parse(parent)))?
    }
}

impl Segment {
    fn parse(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else { break };
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(Part::Name(name.to_owned()));
            rest = after;
        }
        if !rest.is_empty() || parts.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Self(parts)
    }

    /// A name takes as little as it can, and never nothing.
    fn fit<'t>(&'t self, given: &str, values: &mut Vec<(&'t str, String)>) -> Option<()> {
        let mut rest = given;
        let mut parts = self.0.iter().peekable();
        while let Some(part) = parts.next() {
            match part {
                Part::Text(text) => rest = rest.strip_prefix(text.as_str())?,
                Part::Name(name) => {
                    let end = match parts.peek() {
                        None => rest.len(),
                        Some(Part::Text(text)) => {
                            let from = rest.chars().next()?.len_utf8();
                            from + rest.get(from..)?.find(text.as_str())?
                        }
                        Some(Part::Name(_)) => rest.chars().next()?.len_utf8(),
                    };
                    let value = rest.get(..end).filter(|value| !value.is_empty())?;
                    values.push((name, value.to_owned()));
                    rest = rest.get(end..)?;
                }
            }
        }
        rest.is_empty().then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(template: &str, path: &str) -> Option<Vec<(String, String)>> {
        let template = Template::parse(template);
        let values = template.fit(path)?;
        Some(values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    #[test]
    fn a_path_fits_with_its_values_decoded() {
        assert_eq!(fit("/pets", "/pets"), Some(vec![]));
        assert_eq!(fit("/", "/"), Some(vec![]));
        assert_eq!(fit("/pets", "/pets/"), None);
        assert_eq!(fit("/pets/{id}", "/pets/a%2Fb%20%C3%A9"), Some(vec![("id".into(), "a/b é".into())]));
        assert_eq!(fit("/pets/{id}", "/pets/"), None);
        assert_eq!(fit("/pets/{id}", "/pets/%ff"), None);
        assert_eq!(
            fit("/r/{name}.{format}", "/r/a.b.csv"),
            Some(vec![("name".into(), "a".into()), ("format".into(), "b.csv".into())])
        );
        assert_eq!(fit("/r/{name}.csv", "/r/é.csv"), Some(vec![("name".into(), "é".into())]));
        assert_eq!(fit("/r/{a}{b}", "/r/é"), None);
    }

    #[test]
    fn what_lies_under_what() {
        let template = Template::parse("/boards/{boardId}/cards/{id}");
        assert_eq!(template.item_of(), Some(("/boards/{boardId}/cards".into(), "id")));
        assert_eq!(template.parent(), None);
        let cards = Template::parse("/boards/{boardId}/cards");
        assert_eq!(cards.item_of(), None);
        assert_eq!(cards.parent().unwrap().text, "/boards/{boardId}");
        assert_eq!(Template::parse("/{id}").item_of(), None);
    }
}
