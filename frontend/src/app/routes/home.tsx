// Screen: home. One question, what is being made, what was made lately.
import { useQuery } from "@tanstack/react-query";
import { Info } from "lucide-react";
import { useRef, useState } from "react";
import { Link, useNavigate } from "react-router";
import type { Kind } from "@/api/types";
import { ErrorCard } from "@/components/ui/error-card";
import { KindTile } from "@/components/ui/kind-tile";
import { createRoom, roomNamesQuery } from "@/features/conversation/api/rooms";
import { Composer } from "@/features/conversation/components/composer";
import { KindChips, type KindChoice } from "@/features/conversation/components/kind-chips";
import { useDraft } from "@/features/conversation/hooks/use-draft";
import { guessKind } from "@/features/conversation/model/guess-kind";
import { enqueue } from "@/features/conversation/model/outbox";
import { roomName } from "@/features/conversation/model/room-name";
import { isDemo, modelsQuery } from "@/features/generation/api/generations";
import { JobRow } from "@/features/generation/components/job-row";
import { recentQuery, runningQuery } from "@/features/history/api/history";
import { RecentCards } from "@/features/history/components/recent-cards";
import { placeOf } from "@/features/history/model/summary";
import { newClientId } from "@/lib/ids";
import { Screen } from "../screen";

const examples: readonly { kind: Kind; text: string }[] = [
  { kind: "ui", text: "A shift plan for eight volunteers" },
  { kind: "api", text: "An API for lending tools" },
  { kind: "cli", text: "A command that renames photos by date taken" },
];

export function Component() {
  return (
    <Screen title="Home">
      <div className="home">
        <Ask />
        <ModelNotice />
        <BeingMade />
        <Recent />
      </div>
    </Screen>
  );
}

function Ask() {
  const [text, setText] = useDraft("home");
  const [choice, setChoice] = useState<KindChoice>("auto");
  const [sending, setSending] = useState(false);
  const [error, setError] = useState<unknown>();
  // The same for every try of the same send, so that a lost answer makes no second room.
  const clientId = useRef<string>(undefined);
  const navigate = useNavigate();
  const guess = text.trim() === "" ? undefined : guessKind(text);

  async function send(prompt: string) {
    setSending(true);
    setError(undefined);
    clientId.current ??= newClientId();
    try {
      const room = await createRoom(roomName(prompt), clientId.current);
      clientId.current = undefined;
      enqueue({ roomId: room.id, prompt, type: choice === "auto" ? guessKind(prompt) : choice });
      setText("");
      await navigate(`/c/${room.id}`);
    } catch (failure) {
      setError(failure);
    } finally {
      setSending(false);
    }
  }

  return (
    <div>
      <h1>What do you want to make?</h1>
      <Composer
        text={text}
        onText={(next) => {
          clientId.current = undefined;
          setText(next);
        }}
        onSend={(prompt) => void send(prompt)}
        sending={sending}
        rows={3}
        autoFocus
        placeholder="Describe it in your own words. A screen, an API, a command, a piece of code."
        bar={<KindChips choice={choice} guess={guess} onChoice={setChoice} />}
      />
      {error !== undefined && (
        <div className="mt-(--s-5)">
          <ErrorCard
            title="Not sent. What you wrote is kept."
            error={error}
            onRetry={() => void send(text.trim())}
            retrying={sending}
          />
        </div>
      )}
      <ul className="examples" aria-label="Examples, they fill the box">
        {examples.map((example) => (
          <li key={example.text}>
            <button
              type="button"
              className="example"
              onClick={() => {
                setText(example.text);
                setChoice(example.kind);
                document.querySelector<HTMLElement>("textarea")?.focus();
              }}
            >
              <KindTile kind={example.kind} small />
              {example.text}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function ModelNotice() {
  const models = useQuery(modelsQuery);
  if (!isDemo(models.data)) return null;
  return (
    <div className="banner">
      <Info className="i" aria-hidden="true" />
      <span className="grow">
        <b>Answers come from the built-in demo model.</b>{" "}
        <span className="dim">Set OPENAI_API_KEY on the server for real work.</span>
      </span>
    </div>
  );
}

function BeingMade() {
  const running = useQuery(runningQuery);
  const names = useQuery(roomNamesQuery).data ?? {};
  if (running.error) {
    return (
      <ErrorCard
        title="What is being made could not be loaded"
        error={running.error}
        onRetry={() => void running.refetch()}
      />
    );
  }
  if (!running.data || running.data.length === 0) return null;
  return (
    <section aria-labelledby="h-making">
      <div className="sec-head">
        <h2 id="h-making">Being made</h2>
      </div>
      <div className="jobs">
        {running.data.map((job) => (
          <JobRow job={job} name={job.roomId ? names[job.roomId] : undefined} to={placeOf(job)} key={job.id} />
        ))}
      </div>
    </section>
  );
}

function Recent() {
  const recent = useQuery(recentQuery);
  const done = (recent.data ?? []).filter((item) => item.status === "completed");
  if (recent.isSuccess && done.length === 0) return null;
  return (
    <section aria-labelledby="h-recent" aria-busy={recent.isPending}>
      <div className="sec-head">
        <h2 id="h-recent">Recent</h2>
        <Link to="/library">All in Library</Link>
      </div>
      {recent.isPending && (
        <div className="cards" aria-hidden="true">
          {[1, 2, 3].map((card) => (
            <div className="card obj" key={card}>
              <span className="thumb" />
              <div className="obj-body">
                <div className="skel w2" />
                <div className="skel w1" />
              </div>
            </div>
          ))}
        </div>
      )}
      {recent.error && (
        <ErrorCard
          title="Recent things could not be loaded"
          error={recent.error}
          onRetry={() => void recent.refetch()}
          retrying={recent.isFetching}
        />
      )}
      {recent.isSuccess && <RecentCards items={done.slice(0, 6)} />}
    </section>
  );
}
