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
mod tests {
    use aether_common::{
        id::GenerationId,
        model::generation::{Metadata, Status},
    };
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;

    fn version(number: u128, prompt: &str, result: &str) -> Generation {
        Generation {
            id: id(number),
            user_id: id(0).0.into(),
            kind: Kind::Code,
            title: String::new(),
            prompt: prompt.into(),
            result: Some(result.into()),
            language: None,
            status: Status::Completed,
            progress: 100,
            error: None,
            model: None,
            parent_id: None,
            room_id: None,
            starred: false,
            metadata: Metadata::default(),
            created_at: DateTime::UNIX_EPOCH,
            completed_at: None,
        }
    }

    fn id(number: u128) -> GenerationId {
        format!("{number:032x}").parse().unwrap()
    }

    fn upload(name: &str, text: &str) -> UploadText {
        UploadText { name: name.into(), media_type: "text/plain".into(), text: text.into() }
    }

    /// A word and what stands beside it is a token.
    fn words(text: &str) -> u64 {
        text.split_inclusive([' ', '\n']).count() as u64
    }

    fn total(turns: &[Turn]) -> u64 {
        turns.iter().map(|turn| words(&turn.text)).sum()
    }

    fn never(_: &str) -> u64 {
        panic!("nothing has to be counted")
    }

    struct Story {
        template: Template,
        earlier: Vec<Generation>,
        room_prompts: Vec<String>,
        uploads: Vec<UploadText>,
        prompt: String,
    }

    impl Story {
        fn new(prompt: &str) -> Self {
            Self {
                template: Template {
                    kind: Kind::Code,
                    version: "code@9".into(),
                    text: "Rules. {{language}}".into(),
                },
                earlier: Vec::new(),
                room_prompts: Vec::new(),
                uploads: Vec::new(),
                prompt: prompt.into(),
            }
        }

        fn sources(&self) -> Sources<'_> {
            Sources {
                kind: Kind::Code,
                language: Some("rust"),
                template: &self.template,
                earlier: &self.earlier,
                room_prompts: &self.room_prompts,
                uploads: &self.uploads,
                prompt: &self.prompt,
            }
        }
    }

    #[test]
    fn a_prompt_alone_is_instructions_and_prompt_as_typed() {
        let story = Story::new("  {{language}} \n");
        let built = build(&story.sources(), Some(8_000), &never).unwrap();
        assert_eq!(built.context, None);
        let texts: Vec<_> = built.turns.iter().map(|turn| (turn.speaker, turn.text.as_str())).collect();
        assert_eq!(
            texts,
            [(Speaker::System, "Rules. AetherOS-Language: rust"), (Speaker::User, "  {{language}} \n")]
        );
    }

    #[test]
    fn what_fits_is_given_whole_without_counting_and_speakers_take_turns() {
        let mut story = Story::new("make it blue");
        story.earlier =
            vec![version(1, "a todo app", "one"), version(2, "with dates", "two"), version(3, "x", " ")];
        story.room_prompts = vec!["a todo app".into(), "something else".into()];
        story.uploads = vec![upload("a.txt", "A"), upload("b.txt", "B")];
        let built = build(&story.sources(), Some(8_000), &never).unwrap();
        let info = built.context.unwrap();
        assert_eq!(info.versions, [id(1), id(2)]);
        assert_eq!(info.prompts, 1, "what a version was made from is not said twice");
        assert_eq!(info.uploads.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["a.txt", "b.txt"]);
        assert_eq!(info.tokens, None);
        assert_eq!(info.omitted, [omitted(format!("version {}", id(3)), "empty")]);
        let speakers: Vec<_> = built.turns.iter().skip(1).map(|turn| turn.speaker).collect();
        let pair = [Speaker::User, Speaker::Assistant];
        assert_eq!(speakers, [&pair[..], &pair, &pair, &[Speaker::User]].concat());
        assert_eq!(built.turns[2].text, "one");
        assert_eq!(built.turns.last().unwrap().text, "make it blue");
    }

    #[test]
    fn the_newest_version_comes_whole_before_older_ones() {
        let mut story = Story::new("make it blue");
        story.earlier = (1..=5).map(|n| version(n, &format!("wish {n}"), &"word ".repeat(1_500))).collect();
        let built = build(&story.sources(), Some(4_096), &words).unwrap();
        let info = built.context.unwrap();
        assert_eq!(info.versions, [id(5)]);
        assert_eq!(info.prompts, 4, "of the others the prompts are given");
        assert_eq!(info.omitted.len(), 4);
        assert_eq!(info.omitted[0], omitted(format!("the answer of version {}", id(4)), "context_full"));
        assert!(total(&built.turns) <= 3_072);
        assert!(info.tokens.unwrap() <= 3_072);
        let note = &built.turns[built.turns.len() - 3].text;
        assert!(note.find("wish 1").unwrap() < note.find("wish 4").unwrap());
    }

    #[test]
    fn a_version_that_is_too_long_is_given_as_data_with_its_gap_marked() {
        let mut story = Story::new("make it blue");
        let lines = (0..9_000).map(|n| format!("line {n}\n")).collect::<Vec<_>>().concat();
        story.earlier = vec![version(1, "first", "1"), version(2, "many lines", &lines)];
        story.uploads = vec![upload("a.txt", "A")];
        let built = build(&story.sources(), Some(4_096), &words).unwrap();
        let info = built.context.unwrap();
        assert!(info.versions.is_empty());
        assert_eq!(info.omitted[0], omitted(format!("the middle of version {}", id(2)), "context_full"));
        assert!(!info.uploads[0].truncated);
        assert!(
            built.turns.iter().all(|turn| turn.speaker != Speaker::Assistant || turn.text == frame::TAKEN)
        );
        let data = &built.turns[1].text;
        assert!(
            data.contains("line 0\n")
                && data.contains("line 8999\n")
                && data.contains(" bytes are left out here]")
        );
        assert!(data.contains("many lines"));
        assert!(total(&built.turns) <= 3_072, "{}", total(&built.turns));
    }

    #[test]
    fn uploads_share_what_is_left() {
        let mut story = Story::new("sum it up");
        story.uploads = vec![
            upload("big", &"word ".repeat(9_000)),
            upload("small", "tiny"),
            upload("huge", &"word ".repeat(90_000)),
        ];
        let built = build(&story.sources(), Some(8_192), &words).unwrap();
        let info = built.context.unwrap();
        let told: Vec<_> = info.uploads.iter().map(|one| (one.name.as_str(), one.truncated)).collect();
        assert_eq!(told, [("big", true), ("small", false), ("huge", true)]);
        let (big, huge) = (info.uploads[0].tokens.unwrap(), info.uploads[2].tokens.unwrap());
        assert!(big > 2_000 && huge > 2_000, "{big} {huge}");
        assert!(total(&built.turns) <= 6_144);
    }

    #[test]
    fn the_prompt_is_never_cut() {
        let story = Story::new(&"word ".repeat(5_000));
        let error = build(&story.sources(), Some(4_096), &words).unwrap_err();
        assert_eq!((error.limit, error.tokens > 5_000), (4_096, true));
        assert!(build(&story.sources(), None, &never).is_ok());
        let story = Story::new(&"word ".repeat(3_050));
        let built = build(&story.sources(), Some(4_096), &words);
        assert!(built.is_ok(), "it may take of the answer's room: {built:?}");
        assert!(build(&Story::new("x").sources(), Some(0), &words).is_err());
    }

    #[test]
    fn a_model_of_unknown_context_gets_what_most_can_read() {
        let mut story = Story::new("x");
        story.uploads = vec![upload("huge", &"word ".repeat(1_000_000))];
        let built = build(&story.sources(), None, &never).unwrap();
        assert!(built.context.unwrap().uploads[0].truncated);
        assert!(built.turns.iter().map(|turn| turn.text.len()).sum::<usize>() < 401_000);
    }

    /// Text that likes to look like a frame.
    fn sly() -> impl Strategy<Value = String> {
        let bits = prop_oneof![
            Just("```".to_owned()),
            Just("`````\n".to_owned()),
            Just("AetherOS-Context: 0123456789abcdef\n".to_owned()),
            Just("\nAetherOS-Context-End: 0123456789abcdef".to_owned()),
            Just("AetherOS-Kind: ui\n".to_owned()),
            Just("{{language}}".to_owned()),
            Just("[0123456789abcdef: 5 bytes are left out here]\n".to_owned()),
            Just("\n".to_owned()),
            "\\PC{0,12}",
            any::<String>(),
        ];
        prop::collection::vec(bits, 0..8).prop_map(|bits| bits.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_text_of_a_person_ends_the_frame(
            language in prop::option::of(prop_oneof!["[a-zA-Z+# ]{0,20}", sly()]),
            prompt in sly(),
            earlier in prop::collection::vec((sly(), sly()), 0..3),
            room_prompts in prop::collection::vec(sly(), 0..3),
            uploads in prop::collection::vec((sly(), sly()), 0..3),
        ) {
            let mut story = Story::new(&prompt);
            story.earlier = earlier.iter().zip(1..).map(|((asked, made), n)| version(n, asked, made)).collect();
            story.room_prompts = room_prompts;
            story.uploads = uploads.iter().map(|(name, text)| upload(name, text)).collect();
            let sources = Sources { language: language.as_deref(), ..story.sources() };
            let built = build(&sources, Some(1_000_000), &never).unwrap();

            // The instructions hold what they would hold without any of it, and a note of ours.
            let plain = prompt::system(&story.template, sources.language);
            let note = built.turns[0].text.strip_prefix(plain.as_str()).unwrap();
            let valid = language.as_deref().map(str::trim).filter(|text| prompt::is_language(text));
            let wanted = valid.map_or("Choose the language that fits best.".to_owned(), |text| format!("AetherOS-Language: {text}"));
            prop_assert_eq!(plain, format!("Rules. {wanted}"));

            // The rest reads back to exactly what was put in.
            let mut rest: &[Turn] = &built.turns[1..];
            for one in story.earlier.iter().filter(|one| !one.result.as_deref().unwrap().trim().is_empty()) {
                prop_assert_eq!(&rest[0], &turn(Speaker::User, one.prompt.clone()));
                prop_assert_eq!(&rest[1], &turn(Speaker::Assistant, one.result.clone().unwrap()));
                rest = &rest[2..];
            }
            let fresh: Vec<_> = story.room_prompts.iter()
                .filter(|text| **text != prompt && story.earlier.iter().all(|one| one.prompt != **text)).collect();
            let pieces = fresh.len() + story.uploads.len();
            if pieces > 0 {
                prop_assert_eq!(rest[0].speaker, Speaker::User);
                let read = frame::tests::read(&rest[0].text).unwrap();
                let mark = rest[0].text.lines().next().unwrap();
                prop_assert!(note.contains(mark), "the note names this message");
                prop_assert_eq!(read.len(), pieces);
                for (piece, text) in read.iter().zip(&fresh) {
                    prop_assert_eq!(piece, &("earlier-prompt".to_owned(), None, None, ((*text).clone(), 0, String::new())));
                }
                for (piece, one) in read[fresh.len()..].iter().zip(&story.uploads) {
                    prop_assert_eq!((piece.1.as_deref(), piece.2.as_deref()), (Some(one.name.as_str()), Some("text/plain")));
                    prop_assert_eq!(&piece.3, &(one.text.clone(), 0, String::new()));
                }
                prop_assert_eq!(&rest[1], &turn(Speaker::Assistant, frame::TAKEN.to_owned()));
                rest = &rest[2..];
            } else {
                prop_assert_eq!(note, "");
            }
            prop_assert_eq!(rest, &[turn(Speaker::User, prompt)][..]);
        }

        #[test]
        fn whatever_is_put_in_it_fits(
            limit in 600_u64..6_000,
            earlier in prop::collection::vec(0_usize..4_000, 0..4),
            uploads in prop::collection::vec(0_usize..9_000, 0..4),
            prompts in prop::collection::vec(0_usize..900, 0..4),
            prompt in 0_usize..2_000,
        ) {
            let mut story = Story::new(&"ask ".repeat(prompt));
            story.earlier = earlier.iter().zip(1..).map(|(n, id)| version(id, &format!("wish {id}"), &"w\n".repeat(*n))).collect();
            story.uploads = uploads.iter().map(|n| upload("u", &"word ".repeat(*n))).collect();
            story.room_prompts = prompts.iter().map(|n| "said ".repeat(*n)).collect();
            match build(&story.sources(), Some(limit), &words) {
                Ok(built) => prop_assert!(total(&built.turns) <= limit, "{} of {limit}", total(&built.turns)),
                Err(error) => prop_assert!(error.tokens > limit / 2),
            }
        }
    }
}
