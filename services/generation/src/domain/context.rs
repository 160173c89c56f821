//! The conversation for a call: instructions, earlier versions, reference material, prompt, trimmed to what the model can
//! read. What a person wrote stands only in user turns; the prompt is never trimmed. Pure: counting tokens is passed in.

use aether_common::model::generation::{ContextInfo, ContextUpload, Generation, Kind, Omitted};

use super::{
    frame::{self, Piece, Text},
    prompt::{self, Template},
};
use crate::provider::{Speaker, Turn};

/// Room for the answer: a quarter of the context, but not more than this.
const MAX_ANSWER: u64 = 32_768;
/// A long prompt may take of that room until this is left.
const MIN_ANSWER: u64 = 1_024;
/// How much is given, in bytes, to a model whose context nobody knows.
const UNKNOWN_BUDGET: u64 = 400_000;
/// What a turn or a piece of the frame costs beside its text.
const TURN_COST: u64 = 8;
const PIECE_COST: u64 = 96;
/// What the frame itself costs, with its note in the system turn.
const FRAME_COST: u64 = 320;
/// Less of a text than this is not worth giving.
const MIN_PART: u64 = 256;
/// Earlier prompts that are given, at most, and characters of each.
const MAX_PROMPTS: usize = 20;
const MAX_PROMPT_CHARS: usize = 2_000;

/// What a conversation is made from.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// What is asked for.
    pub kind: Kind,
    /// The language asked for.
    pub language: Option<&'a str>,
    /// The instructions.
    pub template: &'a Template,
    /// The versions that this one is made from, oldest first.
    pub earlier: &'a [Generation],
    /// What was asked before in the room, oldest first.
    pub room_prompts: &'a [String],
    /// Files put in by the person.
    pub uploads: &'a [UploadText],
    /// What is asked now.
    pub prompt: &'a str,
}

/// An upload as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadText {
    /// Its file name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// What it holds.
    pub text: String,
}

/// A conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// Oldest first; the first one is the instructions, the last one the prompt.
    pub turns: Vec<Turn>,
    /// What was put in and what was left out; `None` when there was nothing beside the prompt.
    pub context: Option<ContextInfo>,
}

/// Not even instructions and prompt fit into the model's context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the prompt has {tokens} tokens with its instructions; the model reads {limit}, its answer included")]
pub struct TooLong {
    /// What instructions and prompt come to.
    pub tokens: u64,
    /// The model's context.
    pub limit: u64,
}

/// What may still be put in, in tokens, or in bytes where tokens need not be counted.
struct Budget<'a> {
    left: u64,
    spent: u64,
    count: Option<&'a dyn Fn(&str) -> u64>,
}

/// What is put in. Indices are into the sources.
#[derive(Default)]
struct Chosen<'a> {
    /// Given as turns, whole.
    versions: Vec<usize>,
    /// The newest version, when it is too long to be given whole.
    cut_version: Option<(usize, Text<'a>)>,
    uploads: Vec<(usize, Text<'a>, u64)>,
    /// Of older versions and of the room, oldest first.
    prompts: Vec<Text<'a>>,
    omitted: Vec<Omitted>,
}

/// Builds the conversation. `limit_tokens` is the model's whole context, answer included; `None`: nobody knows it.
/// `count` is asked only when the texts have more bytes than the context has tokens.
pub fn build(
    sources: &Sources<'_>,
    limit_tokens: Option<u64>,
    count: &dyn Fn(&str) -> u64,
) -> Result<Built, TooLong> {
    let system = prompt::system(sources.template, sources.language);
    let bytes = system.len() + sources.prompt.len() + sources.size();
    let bytes = bytes as u64 + sources.overhead();
    let room = limit_tokens.map_or(UNKNOWN_BUDGET, |limit| limit - (limit / 4).min(MAX_ANSWER));
    let count = limit_tokens.is_some_and(|_| bytes > room).then_some(count);
    let mut budget = Budget { left: room, spent: 0, count };
    let fixed = budget.cost(&system) + budget.cost(sources.prompt) + 2 * TURN_COST;
    if let Some(limit) = limit_tokens
        && fixed > limit.saturating_sub(MIN_ANSWER.min(limit / 4))
    {
        return Err(TooLong { tokens: fixed, limit });
    }
    budget.take(fixed);
    let chosen = choose(sources, &mut budget);
    let context = sources.has_context().then(|| chosen.info(sources, &budget));
    Ok(Built { turns: chosen.turns(sources, system), context })
}

/// How much comes with a prompt that must be kept in mind, in bytes: the newest version and the uploads.
pub fn size(earlier: &[Generation], uploads: &[UploadText]) -> usize {
    let newest = earlier.last().and_then(|one| one.result.as_ref()).map_or(0, String::len);
    newest + uploads.iter().map(|one| one.text.len()).sum::<usize>()
}

/// In order of worth: the newest version, the uploads, the room's prompts, the older versions.
fn choose<'a>(sources: &Sources<'a>, budget: &mut Budget<'_>) -> Chosen<'a> {
    let mut chosen = Chosen::default();
    let mut line = Vec::new();
    for (index, one) in sources.earlier.iter().enumerate() {
        if one.result.as_deref().is_some_and(|result| !result.trim().is_empty()) {
            line.push(index);
        } else {
            chosen.omitted.push(omitted(format!("version {}", one.id), "empty"));
        }
    }
    let newest = line.pop();
    if let Some(index) = newest {
        let one = &sources.earlier[index];
        let result = one.result.as_deref().unwrap_or("");
        let cost = budget.cost(&one.prompt) + budget.cost(result) + 2 * TURN_COST;
        if budget.take(cost) {
            chosen.versions.push(index);
        } else {
            // Uploads are given for this very prompt: some room is kept for them.
            let share = if sources.uploads.is_empty() { budget.left } else { budget.left / 4 * 3 };
            let beside = FRAME_COST + PIECE_COST + budget.cost_of(&shortened(&one.prompt));
            if let Some((text, _)) = budget.part(result, share.saturating_sub(beside)) {
                budget.take(beside);
                chosen.cut_version = Some((index, text));
                chosen.omitted.push(omitted(format!("the middle of version {}", one.id), "context_full"));
            } else {
                chosen.omitted.push(omitted(format!("version {}", one.id), "context_full"));
            }
        }
    }
    let framed = chosen.cut_version.is_some();
    if !framed && (!sources.uploads.is_empty() || !sources.room_prompts.is_empty()) {
        budget.take(FRAME_COST);
    }
    choose_uploads(sources, budget, &mut chosen);
    let mut prompts = choose_room_prompts(sources, budget, &mut chosen);
    choose_older(sources, budget, &mut chosen, &line, &mut prompts);
    chosen.prompts = prompts;
    chosen
}

/// Every upload gets an equal share of what is left; what a short one does not need goes to the longer ones.
fn choose_uploads<'a>(sources: &Sources<'a>, budget: &mut Budget<'_>, chosen: &mut Chosen<'a>) {
    let costs =
        sources.uploads.iter().map(|one| budget.cost(&one.text) + budget.cost(&one.name) + PIECE_COST);
    let mut by_cost: Vec<(u64, usize)> = costs.zip(0..).collect();
    by_cost.sort_unstable();
    let mut waiting = by_cost.len() as u64;
    for (cost, index) in by_cost {
        let one = &sources.uploads[index];
        let share = budget.left / waiting.max(1);
        waiting -= 1;
        if cost <= share && budget.take(cost) {
            chosen.uploads.push((index, Text::Whole(&one.text), cost));
        } else if let Some((text, cost)) = budget.part(&one.text, share) {
            chosen.uploads.push((index, text, cost));
            chosen.omitted.push(omitted(format!("the middle of upload {}", one.name), "context_full"));
        } else {
            chosen.omitted.push(omitted(format!("upload {}", one.name), "context_full"));
        }
    }
    chosen.uploads.sort_unstable_by_key(|(index, ..)| *index);
}

/// Newest first, until one does not fit. What the versions say already is not said twice.
fn choose_room_prompts<'a>(
    sources: &Sources<'a>,
    budget: &mut Budget<'_>,
    chosen: &mut Chosen<'a>,
) -> Vec<Text<'a>> {
    let told = |text: &str| text == sources.prompt || sources.earlier.iter().any(|one| one.prompt == text);
    let fresh: Vec<&'a str> =
        sources.room_prompts.iter().map(String::as_str).filter(|text| !told(text)).collect();
    let mut kept = Vec::new();
    for text in fresh.iter().rev().take(MAX_PROMPTS) {
        let text = shortened(text);
        if !budget.take(budget.cost_of(&text) + PIECE_COST) {
            break;
        }
        kept.push(text);
    }
    let left_out = fresh.len() - kept.len();
    if left_out > 0 {
        chosen.omitted.push(omitted(format!("{left_out} earlier prompts of the room"), "context_full"));
    }
    kept.reverse();
    kept
}

/// Older versions, newest first, in a quarter of the room: what they hold is mostly in the newest one too. Of those that do
/// not fit the prompt alone is given.
fn choose_older<'a>(
    sources: &Sources<'a>,
    budget: &mut Budget<'_>,
    chosen: &mut Chosen<'a>,
    line: &[usize],
    prompts: &mut Vec<Text<'a>>,
) {
    let mut share = (budget.left + budget.spent) / 4;
    let mut whole = !chosen.versions.is_empty();
    let mut asked = Vec::new();
    for &index in line.iter().rev() {
        let one = &sources.earlier[index];
        let result = one.result.as_deref().unwrap_or("");
        if whole {
            let cost = budget.cost(&one.prompt) + budget.cost(result) + 2 * TURN_COST;
            if cost <= share && budget.take(cost) {
                share -= cost;
                chosen.versions.insert(0, index);
                continue;
            }
            whole = false;
        }
        let text = shortened(&one.prompt);
        let frame = if asked.is_empty() { FRAME_COST } else { 0 };
        if budget.take(budget.cost_of(&text) + PIECE_COST + frame) {
            asked.push(text);
            chosen.omitted.push(omitted(format!("the answer of version {}", one.id), "context_full"));
        } else {
            chosen.omitted.push(omitted(format!("version {}", one.id), "context_full"));
        }
    }
    asked.reverse();
    prompts.splice(0..0, asked);
}

impl Sources<'_> {
    fn has_context(&self) -> bool {
        !(self.earlier.is_empty() && self.room_prompts.is_empty() && self.uploads.is_empty())
    }

    /// Bytes of everything but instructions and prompt.
    fn size(&self) -> usize {
        let earlier =
            self.earlier.iter().map(|one| one.prompt.len() + one.result.as_ref().map_or(0, String::len));
        let prompts = self.room_prompts.iter().map(String::len);
        let uploads = self.uploads.iter().map(|one| one.name.len() + one.media_type.len() + one.text.len());
        earlier.chain(prompts).chain(uploads).sum()
    }

    fn overhead(&self) -> u64 {
        let turns = 2 + 2 * self.earlier.len() as u64;
        let pieces = (self.room_prompts.len() + self.uploads.len()) as u64;
        FRAME_COST + turns * TURN_COST + pieces * PIECE_COST
    }
}

impl Budget<'_> {
    fn cost(&self, text: &str) -> u64 {
        self.count.map_or(text.len() as u64, |count| count(text))
    }

    fn cost_of(&self, text: &Text<'_>) -> u64 {
        match text {
            Text::Whole(text) => self.cost(text),
            Text::Cut(head, _, tail) => self.cost(head) + self.cost(tail),
        }
    }

    /// Takes so much if there is so much.
    fn take(&mut self, cost: u64) -> bool {
        let fits = cost <= self.left;
        if fits {
            self.left -= cost;
            self.spent += cost;
        }
        fits
    }

    /// Takes beginning and end of a text, together at most `share` with what a piece costs. `None`: not worth it.
    fn part<'t>(&mut self, text: &'t str, share: u64) -> Option<(Text<'t>, u64)> {
        let wanted = share.min(self.left).checked_sub(PIECE_COST).filter(|wanted| *wanted >= MIN_PART)?;
        // A token is seldom longer than this: what is surely too much need not be counted.
        let mut bytes =
            usize::try_from(wanted.saturating_mul(16)).map_or(text.len(), |most| most.min(text.len()));
        for _ in 0..12 {
            let cut = cut(text, bytes);
            let cost = self.cost_of(&cut);
            if cost <= wanted {
                let cost = cost + PIECE_COST;
                return self.take(cost).then_some((cut, cost));
            }
            // Aim a little below, so that a second or third try is seldom needed.
            let next = u128::from(wanted) * bytes as u128 * 19 / (u128::from(cost) * 20);
            bytes = usize::try_from(next).unwrap_or(0).min(bytes - 1);
            if bytes < 64 {
                return None;
            }
        }
        None
    }
}

impl Chosen<'_> {
    fn info(&self, sources: &Sources<'_>, budget: &Budget<'_>) -> ContextInfo {
        let counted = budget.count.is_some();
        let uploads = self.uploads.iter().map(|(index, text, cost)| ContextUpload {
            name: sources.uploads[*index].name.clone(),
            tokens: counted.then_some(*cost),
            truncated: matches!(text, Text::Cut(..)),
        });
        ContextInfo {
            versions: self.versions.iter().map(|index| sources.earlier[*index].id).collect(),
            prompts: u32::try_from(self.prompts.len()).unwrap_or(u32::MAX),
            uploads: uploads.collect(),
            tokens: counted.then_some(budget.spent),
            omitted: self.omitted.clone(),
        }
    }

    fn turns(&self, sources: &Sources<'_>, mut system: String) -> Vec<Turn> {
        let mut turns = Vec::new();
        for index in &self.versions {
            let one = &sources.earlier[*index];
            turns.push(turn(Speaker::User, one.prompt.clone()));
            turns.push(turn(Speaker::Assistant, one.result.clone().unwrap_or_default()));
        }
        let plain = |what, text| Piece { what, name: None, media_type: None, text };
        let mut pieces: Vec<Piece<'_>> =
            self.prompts.iter().map(|text| plain("earlier-prompt", *text)).collect();
        if let Some((index, text)) = &self.cut_version {
            pieces.push(plain("prompt-of-the-current-version", shortened(&sources.earlier[*index].prompt)));
            pieces.push(plain("current-version", *text));
        }
        pieces.extend(self.uploads.iter().map(|(index, text, _)| Piece {
            what: "upload",
            name: Some(&sources.uploads[*index].name),
            media_type: Some(&sources.uploads[*index].media_type),
            text: *text,
        }));
        if !pieces.is_empty() {
            let framed = frame::frame(&pieces);
            system.push_str(&framed.note);
            turns.push(turn(Speaker::User, framed.message));
            turns.push(turn(Speaker::Assistant, frame::TAKEN.to_owned()));
        }
        turns.insert(0, turn(Speaker::System, system));
        turns.push(turn(Speaker::User, sources.prompt.to_owned()));
        turns
    }
}

/// Two thirds of so many bytes from the beginning, one third from the end, at the ends of lines where there are any near.
fn cut(text: &str, bytes: usize) -> Text<'_> {
    if bytes >= text.len() {
        return Text::Whole(text);
    }
    let mut head = bytes / 3 * 2;
    while !text.is_char_boundary(head) {
        head -= 1;
    }
    let mut tail = text.len() - bytes / 3;
    while !text.is_char_boundary(tail) {
        tail += 1;
    }
    if let Some(line) = text[..head].rfind('\n').filter(|line| head - line < 400) {
        head = line;
    }
    if let Some(line) = text[tail..].find('\n').filter(|line| *line < 400) {
        tail += line + 1;
    }
    Text::Cut(&text[..head], tail - head, &text[tail..])
}

/// An earlier prompt, without its middle if it is long.
fn shortened(text: &str) -> Text<'_> {
    if text.chars().count() <= MAX_PROMPT_CHARS { Text::Whole(text) } else { cut(text, MAX_PROMPT_CHARS) }
}

fn omitted(what: String, reason: &str) -> Omitted {
    Omitted { what, reason: reason.to_owned() }
}

fn turn(speaker: Speaker, text: String) -> Turn {
    Turn { speaker, text }
}

#[cfg(test)]
mod tests;
