//! From what is known to an answer that keeps the document.

use serde_json::{Value, json};

use crate::{
    answer::{Answer, JSON, Problem, TEXT},
    collections::{Collection, Part, Role},
    document::{Code, Response},
    engine::{Call, text},
    fit::{fit, name_values, try_with},
    sample,
    schema::{Side, strip, wide},
};

impl Call<'_> {
    /// A thing as answers show it.
    pub fn shown(&self, collection: &Collection, body: &Value) -> Value {
        let mut body = body.clone();
        strip(&self.api.root, self.schema_of(&collection.item.pointer), Side::Answer, &mut body);
        body
    }

    /// One thing in the answer of this operation; `wanted` is the status where the document has the choice.
    pub fn show(&self, wanted: u16, body: &Value) -> Answer {
        let found = self
            .declared(wanted)
            .filter(|response| response.code != Code::Default)
            .map(|response| (wanted, Some(response)));
        let Some((status, response)) = found.or_else(|| self.success()) else { return Answer::empty(204) };
        let Some(content) = response.and_then(|response| response.content.as_ref()) else {
            return self.with_headers(Answer::empty(status), response);
        };
        let Some(check) = &content.check else { return self.json(status, response, body) };
        let seed = self.seed();
        let whole = match &self.operation.part {
            Some(Part { name: Some(name), check: inner }) => {
                let mut whole = sample::make(&self.api.root, check, seed);
                try_with(check, &mut whole, &[name], &fit(&self.api.root, inner, body, seed));
                whole
            }
            _ => fit(&self.api.root, check, body, seed),
        };
        self.json(status, response, &whole)
    }

    /// What an operation without a collection answers.
    pub fn any(&self) -> Answer {
        let Some((status, response)) = self.success() else { return Answer::empty(204) };
        self.sampled(status, response, None)
    }

    /// An example, or data made from the schema.
    pub fn sampled(&self, status: u16, response: Option<&Response>, named: Option<&str>) -> Answer {
        let Some(content) = response.and_then(|response| response.content.as_ref()) else {
            return self.with_headers(Answer::empty(status), response);
        };
        let keeps = |value: &Value| content.check.as_ref().is_none_or(|check| check.passes(value));
        let examples = content.examples.iter().filter(|(name, _)| named.is_none_or(|named| named == name));
        let example = examples.map(|(_, value)| value).find(|value| keeps(value));
        let value = match (example, &content.check) {
            (Some(example), _) => example.clone(),
            (None, Some(check)) => sample::make(&self.api.root, check, self.operation.number),
            (None, None) => content.examples.first().map_or_else(|| json!({}), |(_, value)| value.clone()),
        };
        self.json(status, response, &value)
    }

    /// A refusal, in the form that the document gives to this status.
    pub fn refuse(&self, problem: &Problem) -> Answer {
        let Some(response) = self.declared(problem.status) else { return problem.answer() };
        let Some(content) = response.content.as_ref() else {
            return self.with_headers(problem.answer(), Some(response));
        };
        let body = problem.body();
        let Some(check) = content.check.as_ref().filter(|check| !check.passes(&body)) else {
            return self.json(problem.status, Some(response), &body);
        };
        // Only what its author has a place for, and nothing made up where nothing can stand.
        let declared = wide(&self.api.root, self.schema_of(&check.pointer));
        let declared = declared.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        let mut known = body;
        known["message"] = json!(problem.detail);
        if let Value::Object(known) = &mut known {
            known.retain(|name, _| declared.contains_key(name));
        }
        let mut whole = fit(&self.api.root, check, &known, self.operation.number);
        for name in declared.keys().filter(|name| known.get(*name).is_none_or(|value| !value.is_array())) {
            if whole.get(name).is_some_and(Value::is_array) {
                try_with(check, &mut whole, &[name], &json!([]));
            }
        }
        name_values(check, &mut whole, &|name| match name.to_ascii_lowercase().as_str() {
            "message" | "detail" | "description" | "error_description" | "reason" => {
                vec![json!(problem.detail)]
            }
            "code" => vec![json!(problem.code), json!(problem.status)],
            "status" | "statuscode" | "status_code" => {
                vec![json!(problem.status), json!(problem.status.to_string())]
            }
            "error" => vec![json!(problem.code)],
            _ => Vec::new(),
        });
        self.json(problem.status, Some(response), &whole)
    }

    pub fn json(&self, status: u16, response: Option<&Response>, value: &Value) -> Answer {
        let media =
            response.and_then(|response| response.content.as_ref()).map_or(JSON, |content| content.media);
        let body = match (media, value) {
            (TEXT, Value::String(text)) => text.clone(),
            _ => value.to_string(),
        };
        let answer = Answer { status, media: Some(media), headers: Vec::new(), body: body.into_bytes() };
        self.with_headers(answer, response)
    }

    fn with_headers(&self, mut answer: Answer, response: Option<&Response>) -> Answer {
        for (name, check) in response.into_iter().flat_map(|response| &response.headers) {
            let value = text(&sample::make(&self.api.root, check, self.operation.number));
            // What cannot stand in a header is left out.
            if value.len() <= 256 && value.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
                answer.headers.push((name.clone(), value));
            }
        }
        answer
    }

    /// The declared answer for a status, itself or as one of its class, or the default.
    pub fn declared(&self, status: u16) -> Option<&Response> {
        let of = |code: Code| self.operation.responses.iter().find(|response| response.code == code);
        of(Code::Exact(status)).or_else(|| of(Code::Range(status / 100))).or_else(|| of(Code::Default))
    }

    pub fn declared_exactly(&self, status: u16) -> bool {
        self.operation.responses.iter().any(|response| response.code == Code::Exact(status))
    }

    /// The best of the declared answers that say that all went well; 200 when only a default is there.
    pub fn success(&self) -> Option<(u16, Option<&Response>)> {
        let made = matches!(self.operation.role, Role::Create(_));
        let best = self.operation.responses.iter().filter_map(|response| match response.code {
            Code::Exact(code) if (200..400).contains(&code) => Some((code, Some(response))),
            Code::Range(2) => Some((if made { 201 } else { 200 }, Some(response))),
            _ => None,
        });
        let best = best.min_by_key(|(code, _)| match code {
            201 if made => 0,
            code => *code,
        });
        best.or_else(|| self.declared(200).map(|response| (200, Some(response))))
    }

    pub fn seed(&self) -> u64 {
        self.operation.number
    }
}
