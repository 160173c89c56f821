// One frame and the port into it. What the frame may do is decided here and by the headers it is served with, nowhere else.
import type { StorageArea, StorageEntries } from "../model/app-storage";
import { Flood, type FrameMessage, readMessage } from "../model/messages";
import type { Program } from "../model/program";

/** Exactly this. With `allow-same-origin` an app would be the user; every other word opens something too. */
const SANDBOX = "allow-scripts allow-forms";
const ADDRESS = "/preview/frame";
/** More in a second is not heard: an app that floods its console must not keep the page from being used. */
const MESSAGES_PER_SECOND = 300;
/** Each holds all that an app keeps. The frame's script sends half as many. */
const STORAGES_PER_SECOND = 40;

/** What a program finds when it begins, beside its own code. */
export interface Surroundings {
  readonly packages: [string, Blob][];
  readonly storage: readonly (readonly [StorageArea, StorageEntries])[];
  readonly dark: boolean;
}

export class PreviewFrame {
  readonly element: HTMLIFrameElement;
  /** Its script has taken the port and waits for a program. */
  readonly booted: Promise<void>;
  private boot: () => void = () => undefined;
  /** A program was sent into it: it cannot take another. */
  isUsed = false;
  private readonly channel = new MessageChannel();
  private readonly flood = new Flood(MESSAGES_PER_SECOND);
  private readonly storageFlood = new Flood(STORAGES_PER_SECOND);

  constructor(
    stage: HTMLElement,
    title: string,
    /** Whoever has the frame now. */
    public hear: (message: FrameMessage) => void,
    /** Told for each message that was dropped. */
    private readonly dropped: () => void,
  ) {
    this.booted = new Promise((resolve) => {
      this.boot = resolve;
    });
    this.element = document.createElement("iframe");
    this.element.setAttribute("sandbox", SANDBOX);
    this.element.setAttribute("allow", "");
    this.element.setAttribute("referrerpolicy", "no-referrer");
    this.element.title = title;
    this.element.className = "preview-frame";
    this.element.dataset.state = "starting";
    this.element.src = ADDRESS;
    const port = this.channel.port1;
    port.onmessage = ({ data }) => this.take(data);
    // Loaded again, it is another document, which nobody has asked for: it gets no second port.
    this.element.addEventListener(
      "load",
      () => this.element.contentWindow?.postMessage("aether:port", "*", [this.channel.port2]),
      { once: true },
    );
    stage.append(this.element);
  }

  /** Lets packages be there before the program that wants them. */
  async prepare(packages: [string, Blob][]): Promise<void> {
    await this.booted;
    if (!this.isUsed) this.channel.port1.postMessage({ type: "prepare", packages });
  }

  run(program: Omit<Program, "packages" | "icons">, surroundings: Surroundings): void {
    this.isUsed = true;
    const { entry, modules, imports, css, html, pageScripts, pageStyles, answered } = program;
    this.channel.port1.postMessage({
      type: "run",
      program: { entry, modules, imports, css, html, pageScripts, pageStyles, answered, ...surroundings },
    });
  }

  say(
    message:
      | { type: "shown" }
      | { type: "ping"; n: number }
      | { type: "theme"; dark: boolean }
      | { type: "answer"; yes: boolean },
  ): void {
    this.channel.port1.postMessage(message);
  }

  /** Every call to the network ends here until an app can be given leave. */
  refuse(id: number, why: string): void {
    this.channel.port1.postMessage({ type: "network", id, error: why });
  }

  /** Puts it on the screen below the one that is there, and asks to be told when it has painted. */
  paint(): void {
    this.element.dataset.state = "painting";
    this.say({ type: "shown" });
  }

  /** It is what is looked at from now on. */
  settle(): void {
    this.element.dataset.state = "live";
  }

  remove(): void {
    this.channel.port1.onmessage = null;
    this.channel.port1.close();
    this.element.remove();
  }

  private take(data: unknown): void {
    const message = readMessage(data);
    if (!message) return;
    const flood = message.type === "storage" ? this.storageFlood : isNeeded(message) ? undefined : this.flood;
    if (flood && !flood.admits(performance.now())) {
      this.dropped();
      return;
    }
    if (message.type === "boot") this.boot();
    else this.hear(message);
  }
}

/** What the page itself waits for is never dropped, and each of it counts once. */
function isNeeded({ type }: FrameMessage): boolean {
  return type === "boot" || type === "ready" || type === "painted" || type === "failed" || type === "pong";
}
