import { expect, it } from "vitest";
import {
  ago,
  bytes,
  count,
  dayName,
  duration,
  fieldSentence,
  grouped,
  refusalWords,
  stopwatch,
  titleOf,
  waitWords,
} from "./words";

const now = Date.parse("2026-03-18T12:00:00");
const before = (minutes: number) => new Date(now - minutes * 60_000).toISOString();

it("says how long ago in the words of a person", () => {
  expect(ago(before(0.5), now)).toBe("just now");
  expect(ago(before(12), now)).toBe("12 min ago");
  expect(ago(before(180), now)).toBe("3 h ago");
  expect(ago(before(24 * 60), now)).toBe("yesterday");
  expect(ago(before(3 * 24 * 60), now)).toBe("Sunday");
  expect(ago(before(60 * 24 * 60), now)).toBe("17 Jan");
  expect(dayName(before(24 * 60), now)).toBe("Yesterday");
});

it("says figures with their unit", () => {
  expect([duration(800), duration(48_000), duration(125_000)]).toEqual(["0.8 s", "48 s", "2 min 5 s"]);
  expect([stopwatch(21_900), stopwatch(-5)]).toEqual(["0:21", "0:00"]);
  expect([count(1, "file"), count(9, "file")]).toEqual(["1 file", "9 files"]);
  expect(grouped(3412).replace(/\s/, " ")).toBe("3 412");
  expect([bytes(75), bytes(3100)]).toEqual(["75 B", "3.1 kB"]);
});

it("says how long to wait, never too short", () => {
  expect([0, 12, 90, 91, 3_600].map(waitWords)).toEqual(["1 s", "12 s", "90 s", "2 min", "60 min"]);
  expect([7_200, 7_790].map(waitWords)).toEqual(["2 h", "2 h 10 min"]);
});

it("names a thing by its title, else by its prompt", () => {
  expect(titleOf({ title: "Team to-dos", prompt: "x" })).toBe("Team to-dos");
  expect(titleOf({ title: " ", prompt: "make it\nplease" })).toBe("make it");
});

it("makes a sentence of what the server says of a field", () => {
  expect(fieldSentence({ field: "password", message: "is too easy to guess. Add another word." })).toBe(
    "The password is too easy to guess. Add another word.",
  );
  expect(fieldSentence({ field: "prompt", message: "must not be blank" })).toBe("The message must not be blank.");
  expect(fieldSentence({ field: "toString", message: "is not known here" })).toBe('"toString" is not known here.');
  expect(refusalWords("Some fields are not valid. prompt must not be blank.")).toBe("The message must not be blank.");
  expect(refusalWords("There is nothing here that you may see.")).toBe("There is nothing here that you may see.");
});
