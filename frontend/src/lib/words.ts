// How times, counts and sizes are said. Pure.

/** "12 min ago", "yesterday", "3 Nov". */
export function ago(iso: string, now: number = Date.now()): string {
  const then = Date.parse(iso);
  if (Number.isNaN(then)) return "";
  const seconds = Math.max(0, Math.round((now - then) / 1000));
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  const days = dayDistance(then, now);
  if (days === 0) return `${Math.floor(seconds / 3600)} h ago`;
  if (days === 1) return "yesterday";
  if (days < 7) return new Date(then).toLocaleDateString("en-GB", { weekday: "long" });
  const sameYear = new Date(then).getFullYear() === new Date(now).getFullYear();
  return new Date(then).toLocaleDateString("en-GB", {
    day: "numeric",
    month: "short",
    ...(sameYear ? {} : { year: "numeric" }),
  });
}

/** "Today", "Yesterday", "Earlier": the head over a run of a list. */
export function dayName(iso: string, now: number = Date.now()): string {
  const days = dayDistance(Date.parse(iso), now);
  if (days <= 0) return "Today";
  return days === 1 ? "Yesterday" : "Earlier";
}

/** "14:02" */
export function clock(iso: string): string {
  return new Date(iso).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

/** "0:21", for work under way. */
export function stopwatch(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** "0.8 s", "48 s", "2 min 5 s", for work that is done. */
export function duration(ms: number): string {
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** "12 s", "5 min", "2 h 10 min", for a time to wait: never less than it is. */
export function waitWords(seconds: number): string {
  if (seconds <= 90) return `${Math.max(1, Math.ceil(seconds))} s`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** "17 Mar 2027" */
export function dateWords(iso: string): string {
  return new Date(iso).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
}

/** "1 file", "9 files" */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${grouped(n)} ${n === 1 ? one : many}`;
}

/** "3 412" */
export function grouped(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+(?!\d))/g, "\u2009");
}

export function bytes(n: number): string {
  if (n < 1000) return `${n} B`;
  return n < 1_000_000 ? `${(n / 1000).toFixed(1)} kB` : `${(n / 1_000_000).toFixed(1)} MB`;
}

/** What a thing is called: its title, or the first line of what was asked. */
export function titleOf(generation: { title?: string | null; prompt: string }): string {
  const title = generation.title?.trim();
  if (title) return title;
  const line = generation.prompt.trim().split("\n", 1)[0] ?? "";
  return line.length > 60 ? `${line.slice(0, 57).trimEnd()}…` : line;
}

const SUBJECTS: Readonly<Record<string, string>> = {
  code: "The code",
  currentPassword: "The current password",
  email: "The e-mail",
  expiresAt: "The last day",
  message: "The message",
  name: "The name",
  newPassword: "The new password",
  password: "The password",
  prompt: "The message",
  q: "The search",
  scopes: "What it may do",
  title: "The title",
};

/** The server says what is wrong with a field ("must not be blank"); on the screen that is a sentence about it. */
export function fieldSentence({ field, message }: { field: string; message: string }): string {
  const subject = Object.hasOwn(SUBJECTS, field) ? SUBJECTS[field] : `"${field}"`;
  const sentence = /^[a-z]/.test(message) ? `${subject} ${message}` : message;
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}

/** A refusal over the socket is one text: "Some fields are not valid. prompt must not be blank." */
export function refusalWords(message: string): string {
  const [, field, rest] = /^Some fields are not valid\. (\S+) ([a-z].*)$/s.exec(message) ?? [];
  return field && rest ? fieldSentence({ field, message: rest }) : message;
}

function dayDistance(then: number, now: number): number {
  const start = (time: number) => new Date(time).setHours(0, 0, 0, 0);
  return Math.round((start(now) - start(then)) / 86_400_000);
}
