// A client that keeps to docs/protocol.md, with a ledger of all that it was told. The ledger throws on a loss, a double or a
// wrong order; `ledger.mjs` shows that it does.
import { connect } from "./stand.mjs";

const ENDS = { generation_complete: "completed", generation_failed: "failed", generation_cancelled: "cancelled" };

/** What one client knows of one generation. */
export class Run {
  attempt = 0;
  seq = 0;
  text = "";
  end = null;

  take(event, { attempt, seq, delta, result }) {
    if (this.end) throw new Error(`${event} ${attempt}.${seq} after the end`);
    const last = event in ENDS;
    // Position 1 again: the journal was lost and begun anew, and so is the text.
    if (attempt === this.attempt && seq === 1 && !last) {
      this.text = "";
      this.seq = 0;
    }
    if (attempt < this.attempt || (attempt === this.attempt && seq <= this.seq)) {
      throw new Error(`a double: ${attempt}.${seq} after ${this.attempt}.${this.seq}`);
    }
    if (attempt > this.attempt && !last) {
      if (seq !== 1) throw new Error(`attempt ${attempt} begins at ${seq}`);
      this.text = "";
    } else if (seq !== this.seq + 1 && !last) {
      throw new Error(`a gap: ${attempt}.${seq} after ${this.attempt}.${this.seq}`);
    }
    const follows = attempt === this.attempt && seq === this.seq + 1;
    [this.attempt, this.seq] = [attempt, seq];
    this.text += delta ?? "";
    if (last) {
      this.end = ENDS[event];
      // A last event that comes alone brings the whole; one that follows must agree with what was read.
      if (event === "generation_complete") {
        if (follows && this.text !== result) throw new Error("the deltas are not the result");
        this.text = result;
      }
    }
  }
}

/** What one client knows of what was said in a room. */
export class Talk {
  ids = [];

  take({ id }) {
    const newest = this.ids.at(-1);
    if (newest !== undefined && id <= newest) throw new Error(`a double or out of order: ${id} after ${newest}`);
    this.ids.push(id);
  }

  /** What an answer to `join_room` holds. What was on its way when it was asked for may have come before: ids tell. */
  merge(messages) {
    this.ids = [...new Set([...this.ids, ...messages.map((one) => one.id)])].sort();
  }
}

/** A person who follows a room, wherever they are connected. */
export class Reader {
  runs = new Map();
  talk = new Talk();
  failure = null;
  resyncs = 0;
  joining = Promise.resolve();

  constructor(person, roomId) {
    this.person = person;
    this.roomId = roomId;
  }

  run(id) {
    if (!this.runs.has(id)) this.runs.set(id, new Run());
    return this.runs.get(id);
  }

  /** Comes to this node, and knows then all that was missed. */
  async come(node) {
    this.socket?.close();
    const socket = await connect(this.person, { node });
    this.socket = socket;
    const guarded = (take) => (payload) => {
      if (this.socket !== socket) return;
      try {
        take(payload);
      } catch (error) {
        this.failure ??= error;
      }
    };
    for (const event of ["generation_progress", ...Object.keys(ENDS)]) {
      socket.on(event, guarded((payload) => this.run(payload.generationId).take(event, payload)));
    }
    socket.on("message_received", guarded((message) => this.talk.take(message)));
    socket.on("generation_started", guarded(({ generationId }) => this.run(generationId)));
    socket.on("resync_required", guarded(({ roomId, generationId }) => {
      this.resyncs += 1;
      this.joining = this.joining.then(async () => {
        if (!generationId) await this.join(socket);
        if (!roomId) await this.follow(socket, generationId);
      }).catch((error) => { if (this.socket === socket) this.failure ??= error; });
    }));
    await this.join(socket);
    await this.follow(socket);
  }

  async join(socket) {
    const afterMessageId = this.talk.ids.at(-1);
    const { messages, more } = await socket.do("join_room", { roomId: this.roomId, afterMessageId });
    if (more && afterMessageId) throw new Error("more was missed than one answer holds");
    this.talk.merge(messages);
  }

  async follow(socket, only) {
    for (const [generationId, run] of this.runs) {
      if (run.end || (only && only !== generationId)) continue;
      const position = run.attempt ? { attempt: run.attempt, lastSeq: run.seq } : {};
      const { recovered } = await socket.do("subscribe_generation", { generationId, ...position });
      if (!recovered && run.attempt) this.runs.set(generationId, Object.assign(new Run(), { attempt: run.attempt - 1 }));
    }
  }

  check() {
    if (this.failure) throw this.failure;
  }

  leave() {
    this.socket.close();
  }
}
