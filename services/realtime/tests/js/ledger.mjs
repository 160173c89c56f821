// The checkers of the other stories see what is wrong: each ledger here has one fault.
import { assert, story } from "./stand.mjs";
import { Run, Talk } from "./reader.mjs";

const step = (attempt, seq, delta = `${attempt}.${seq} `) => ["generation_progress", { attempt, seq, delta }];
const done = (attempt, seq, result) => ["generation_complete", { attempt, seq, result }];

function read(...events) {
  const run = new Run();
  for (const [event, payload] of events) run.take(event, payload);
  return run;
}

async function whatIsRightPasses() {
  assert.equal(read(step(1, 1), step(1, 2), done(1, 3, "1.1 1.2 ")).text, "1.1 1.2 ");
  assert.equal(read(step(1, 1), step(1, 2), step(2, 1), done(2, 2, "2.1 ")).text, "2.1 ", "a new attempt begins anew");
  assert.equal(read(step(1, 1), step(1, 2), step(1, 1), step(2, 1), done(2, 2, "2.1 ")).text, "2.1 ", "so does a lost journal");
  assert.equal(read(done(3, 9, "all of it")).text, "all of it", "the last event alone is the whole");
  assert.equal(read(step(1, 1), done(1, 5, "whole")).text, "whole", "as it is after a gap");
}

async function whatIsWrongDoesNot() {
  for (const [what, events] of [
    [/a gap/, [step(1, 1), step(1, 3)]],
    [/a double/, [step(1, 1), step(1, 2), step(1, 2)]],
    [/a gap/, [step(1, 1), step(1, 2), step(1, 1), step(1, 3)]],
    [/not the result/, [step(1, 1), step(1, 2), step(1, 1), done(1, 2, "1.1 1.2 ")]],
    [/a double/, [step(2, 1), step(1, 2)]],
    [/begins at 2/, [step(1, 1), step(2, 2)]],
    [/begins at 3/, [step(1, 3)]],
    [/not the result/, [step(1, 1), step(1, 2, "lost"), done(1, 3, "1.1 1.2 ")]],
    [/after the end/, [step(1, 1), done(1, 2, "1.1 "), step(1, 3)]],
    [/after the end/, [done(1, 1, ""), done(1, 2, "")]],
  ]) {
    assert.throws(() => read(...events), what);
  }
  for (const ids of [["b", "a"], ["a", "b", "b"]]) {
    const talk = new Talk();
    assert.throws(() => ids.forEach((id) => talk.take({ id })), /a double or out of order/);
  }
  const talk = new Talk();
  for (const id of ["a", "c"]) talk.take({ id });
  talk.merge([{ id: "b" }, { id: "c" }]);
  assert.deepEqual(talk.ids, ["a", "b", "c"], "an answer fills what is missing");
}

await story(whatIsRightPasses, whatIsWrongDoesNot);
