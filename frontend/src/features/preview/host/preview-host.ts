// One preview on the page: compiles what it is given, starts it in a frame out of sight, and puts that in the place of the one
// before once it has painted. Watches that the app answers. What the screen shows of it is `state`.
import { AppStorage, STORAGE_AREAS } from "../model/app-storage";
import { type ConsoleEntry, withEntry } from "../model/console";
import { type FrameDialog, type FrameKey, type FrameMessage, outsideLink } from "../model/messages";
import { problemOf, withProblem } from "../model/problems";
import type { Compilation, Problem, Program, SourceFile } from "../model/program";
import { compileInWorker } from "./compiler-client";
import { PreviewFrame } from "./frame";
import { commonPackages, fetchEarly, packagesOf } from "./packages";

export type PreviewStatus = "idle" | "starting" | "live" | "failed" | "unresponsive" | "stopped";

export interface PreviewState {
  readonly status: PreviewStatus;
  /** There is a frame to look at; not always of the files asked for last. */
  readonly hasFrame: boolean;
  /** What is looked at is an earlier version, because the last one did not start. */
  readonly isStale: boolean;
  readonly problems: readonly Problem[];
  readonly entries: readonly ConsoleEntry[];
  /** Some of what the app said was not heard, because it said too much at once. */
  readonly flooded: boolean;
  /** An outside address that the app wants to lead to. */
  readonly link: string | null;
  /** What the app said or asked last. */
  readonly dialog: FrameDialog | null;
  /** From being asked for to being painted. */
  readonly paintedMs: number | undefined;
}

/** Before anything was shown. */
export const NOTHING_SHOWN: PreviewState = {
  status: "idle",
  hasFrame: false,
  isStale: false,
  problems: [],
  entries: [],
  flooded: false,
  link: null,
  dialog: null,
  paintedMs: undefined,
};

const PING_MS = 1_000;
/** A running app that has not answered for so long hangs. */
const SILENT_MS = 3_000;
/** An app that has not started after so long never will. */
const START_MS = 12_000;
/** A frame that cannot paint, because its tab is not looked at, is taken as it is. */
const PAINT_MS = 500;
/** The next frame is made when the app has had so long for its own beginning. */
const SPARE_MS = 500;

/** All on this page. Their frames share a process: one that hangs holds them all, and goes only when they all go. */
const hosts = new Set<PreviewHost>();

export class PreviewHost {
  private current: PreviewState = NOTHING_SHOWN;
  private readonly listeners = new Set<() => void>();
  private live: PreviewFrame | undefined;
  private next: PreviewFrame | undefined;
  /** Waits empty for the next program: a frame takes longer to be there than many an app to start in it. */
  private spare: PreviewFrame | undefined;
  private program: Program | undefined;
  private shown: readonly SourceFile[] = [];
  /** Grows with every start: what belongs to an earlier one is not heard any more. */
  private turn = 0;
  private heardAt = 0;
  private pings = 0;
  private dark = false;
  private confirms = true;
  private storage = new AppStorage("");
  private readonly timer: ReturnType<typeof setInterval>;

  constructor(
    private readonly stage: HTMLElement,
    private readonly title: string,
  ) {
    hosts.add(this);
    this.timer = setInterval(() => this.watch(), PING_MS);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly getState = (): PreviewState => this.current;

  /** Compiles the files and shows them, or says what is wrong with them and leaves what was shown. */
  async show(files: readonly SourceFile[]): Promise<void> {
    const isSame = this.current.status === "live" && sameFiles(files, this.shown);
    this.shown = files;
    // A version that was saved is what was seen before: it goes on where it is.
    if (isSame) return;
    fetchEarly(files);
    await this.start(compileInWorker(files));
  }

  /** Begins the same app anew. */
  reload(): void {
    const { program } = this;
    if (!program) return;
    void this.start(Promise.resolve({ program, problems: [] }));
  }

  /** After a hang: all frames of the page go at once, then each app begins anew. */
  static restartAll(): void {
    const shown = [...hosts].filter((host) => host.live || host.next);
    for (const host of shown) host.stop();
    for (const host of shown) host.reload();
  }

  stop(): void {
    this.turn += 1;
    this.live?.remove();
    this.next?.remove();
    this.spare?.remove();
    this.live = undefined;
    this.next = undefined;
    this.spare = undefined;
    this.update({ status: "stopped", hasFrame: false, isStale: false, link: null, dialog: null });
  }

  setDark(dark: boolean): void {
    this.dark = dark;
    this.live?.say({ type: "theme", dark });
    this.next?.say({ type: "theme", dark });
  }

  /** What the app keeps, from the next start on. */
  setStorage(name: string): void {
    this.storage = new AppStorage(name);
  }

  countStored(): number {
    return this.storage.all().reduce((all, [, entries]) => all + entries.length, 0);
  }

  /** The app begins anew with nothing kept. Gives the way back. */
  clearStorage(): () => void {
    const { storage } = this;
    const before = storage.all();
    const begin = (entries: typeof before) => {
      // Stopped first: what runs would write down again what it holds.
      this.stop();
      for (const [area, kept] of entries) storage.write(area, kept);
      this.reload();
    };
    begin(STORAGE_AREAS.map((area) => [area, []]));
    return () => begin(before);
  }

  /** What `confirm` answers in the app from now on: nobody can be asked while it waits. */
  setConfirms(yes: boolean): void {
    this.confirms = yes;
    this.live?.say({ type: "answer", yes });
    this.next?.say({ type: "answer", yes });
    this.update({ dialog: null });
  }

  closeDialog(): void {
    this.update({ dialog: null });
  }

  clearConsole(): void {
    this.update({ entries: [], flooded: false });
  }

  closeLink(): void {
    this.update({ link: null });
  }

  dispose(): void {
    clearInterval(this.timer);
    hosts.delete(this);
    this.stop();
    this.listeners.clear();
  }

  private begin(): number {
    this.turn += 1;
    this.putAway();
    this.update({ status: "starting", link: null, dialog: null });
    return this.turn;
  }

  /** The frame is fetched while the program is still made: what takes longest is not waited for twice. */
  private async start(made: Promise<Pick<Compilation, "program" | "problems">>): Promise<void> {
    const turn = this.begin();
    const began = performance.now();
    const packages = made.then(({ program }) => (program ? packagesOf(program) : []));
    // Heard below, where it is awaited, unless something else went wrong first.
    packages.catch(() => undefined);
    let settle: (result: "ready" | "failed") => void = () => undefined;
    const outcome = new Promise<"ready" | "failed">((resolve) => {
      settle = resolve;
    });
    let known: ReadonlySet<string> = new Set();
    const frame = this.takeFrame();
    frame.hear = (message) => {
      this.heardAt = performance.now();
      if (message.type === "ready" || message.type === "failed") settle(message.type);
      else if (message.type === "painted") this.swap(frame, began);
      else if (frame === this.live || frame === this.next) this.hear(frame, message, known);
    };
    this.next = frame;
    const late = setTimeout(() => {
      if (frame !== this.next) return;
      const message = `The app did not start in ${START_MS / 1_000} s.`;
      this.update({ problems: withProblem(this.current.problems, { kind: "entry", message }) });
      settle("failed");
    }, START_MS);
    try {
      const { program, problems } = await made;
      if (turn !== this.turn) return;
      if (!program) return this.fail(problems);
      this.program = program;
      known = filesOf(program);
      // What was said of the one before stands until there is something else to say.
      this.update({ problems, entries: [], flooded: false });
      // A frame that never comes is told of by the clock above.
      const [blobs] = await Promise.all([packages, Promise.race([frame.booted, outcome])]);
      if (turn !== this.turn) return;
      frame.say({ type: "answer", yes: this.confirms });
      frame.run(program, { packages: blobs, storage: this.storage.all(), dark: this.dark });
      const result = await outcome;
      if (turn !== this.turn) return;
      if (result === "failed") return this.fail(this.current.problems);
      frame.paint();
      setTimeout(() => this.swap(frame, began), PAINT_MS);
    } catch (error) {
      if (turn === this.turn) this.fail([{ kind: "entry", message: (error as Error).message }]);
    } finally {
      clearTimeout(late);
    }
  }

  /** Has the next frame there, with what the last program wanted of packages, or what any does, before there is a program for it. */
  makeReady(): void {
    if (this.spare || this.next) return;
    const spare = this.takeFrame();
    this.spare = spare;
    const { program } = this;
    if (program?.entry === null) return;
    commonPackages(program?.packages ?? []).then(
      (packages) => spare.prepare(packages),
      // They are asked for again when a program wants them.
      () => undefined,
    );
  }

  private takeFrame(): PreviewFrame {
    const { spare } = this;
    this.spare = undefined;
    return (
      spare ??
      new PreviewFrame(
        this.stage,
        this.title,
        () => undefined,
        () => this.update({ flooded: true }),
      )
    );
  }

  /** The frame that was to be the next is not: as long as it is empty, it will do for another. */
  private putAway(): void {
    const { next } = this;
    this.next = undefined;
    if (!next) return;
    if (next.isUsed || this.spare) next.remove();
    else {
      next.hear = () => undefined;
      this.spare = next;
    }
  }

  /** The new frame is on the screen: the old one, which lay over it, goes. */
  private swap(frame: PreviewFrame, began: number): void {
    if (frame !== this.next) return;
    frame.settle();
    this.live?.remove();
    this.live = frame;
    this.next = undefined;
    this.update({ status: "live", hasFrame: true, isStale: false, paintedMs: performance.now() - began });
    const { turn } = this;
    setTimeout(() => {
      if (turn === this.turn && frame === this.live) this.makeReady();
    }, SPARE_MS);
  }

  private fail(problems: readonly Problem[]): void {
    this.putAway();
    const unexplained: Problem = { kind: "entry", message: "The app stopped before it showed anything." };
    this.update({
      status: "failed",
      isStale: this.live !== undefined,
      problems: problems.length > 0 ? problems : [unexplained],
    });
  }

  private hear(frame: PreviewFrame, message: FrameMessage, files: ReadonlySet<string>): void {
    const { problems, entries } = this.current;
    switch (message.type) {
      case "error":
        this.update({ problems: withProblem(problems, problemOf(message.error, files)) });
        break;
      case "console":
        this.update({ entries: withEntry(entries, message.level, message.text) });
        break;
      case "blocked":
        this.update({
          entries: withEntry(entries, "warn", `Blocked in previews (${message.directive}): ${message.url}`),
        });
        break;
      case "network": {
        const why = `Apps in the preview have no network: ${message.method} ${message.url} was not sent.`;
        frame.refuse(message.id, why);
        this.update({ entries: withEntry(entries, "warn", why) });
        break;
      }
      case "storage":
        if (!this.storage.write(message.area, message.entries)) {
          const why = "The browser has no room for what the app keeps: it is there until the app is begun anew.";
          this.update({ entries: withEntry(entries, "warn", why) });
        }
        break;
      case "dialog":
        this.update({ dialog: message.dialog, entries: withEntry(entries, "info", dialogWords(message.dialog)) });
        break;
      case "key":
        this.press(frame, message.key);
        break;
      case "link": {
        const link = outsideLink(message.href);
        const isOwn = link !== null && new URL(link).origin === location.origin;
        if (link !== null && !isOwn) this.update({ link });
        else
          this.update({
            entries: withEntry(entries, "info", `A link to another page was not followed: ${message.href}`),
          });
        break;
      }
    }
  }

  /** As if it were pressed on the page. Only what the user has just pressed: an app cannot move the page by itself. */
  private press(frame: PreviewFrame, key: FrameKey): void {
    if (document.activeElement !== frame.element || !navigator.userActivation?.isActive) return;
    const isF8 = key === "f8";
    const event = new KeyboardEvent("keydown", { key: isF8 ? "F8" : key, ctrlKey: !isF8, bubbles: true });
    this.stage.dispatchEvent(event);
  }

  private watch(): void {
    const frame = this.next ?? this.live;
    if (!frame || document.hidden) {
      this.heardAt = performance.now();
      return;
    }
    const isSilent = performance.now() - this.heardAt > SILENT_MS;
    // A frame that is being started is given more time: there is a limit of its own.
    if (frame === this.live && isSilent && this.current.status !== "unresponsive") {
      this.update({ status: "unresponsive" });
    } else if (!isSilent && this.current.status === "unresponsive") this.update({ status: "live" });
    this.pings += 1;
    frame.say({ type: "ping", n: this.pings });
  }

  private update(fields: Partial<PreviewState>): void {
    this.current = { ...this.current, ...fields };
    for (const listener of this.listeners) listener();
  }
}

/** The names that a place in a stack may have. */
function filesOf(program: Program): ReadonlySet<string> {
  const names = program.modules.map(([name]) => name);
  return new Set([...names, "index.html", ...program.pageScripts.map(([src]) => src)]);
}

function dialogWords({ kind, text, answer }: FrameDialog): string {
  if (kind === "alert") return `alert: ${text}`;
  return `${kind}: ${text} (answered with ${answer ?? "Cancel"})`;
}

function sameFiles(some: readonly SourceFile[], others: readonly SourceFile[]): boolean {
  if (some.length !== others.length) return false;
  const texts = new Map(others.map(({ path, text }) => [path, text]));
  return some.every(({ path, text }) => texts.get(path) === text);
}
