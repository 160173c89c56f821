// Screen: a conversation at the left, what it makes at the right.
import { useQuery } from "@tanstack/react-query";
import { Pencil } from "lucide-react";
import { useCallback, useEffect, useMemo, useState } from "react";
import { useLocation, useParams } from "react-router";
import type { GenerationSummary } from "@/api/types";
import { CrashBoundary } from "@/components/ui/crash-boundary";
import { ErrorCard } from "@/components/ui/error-card";
import { KindGlyph, kindTone } from "@/components/ui/kind-tile";
import { roomQuery } from "@/features/conversation/api/rooms";
import { Composer } from "@/features/conversation/components/composer";
import { Log } from "@/features/conversation/components/log";
import { WaitingPrompt } from "@/features/conversation/components/waiting-prompt";
import { useDraft } from "@/features/conversation/hooks/use-draft";
import { guessKind } from "@/features/conversation/model/guess-kind";
import {
  enqueue,
  type OutgoingPrompt,
  removeFromOutbox,
  updateInOutbox,
  useOutbox,
} from "@/features/conversation/model/outbox";
import { isEnded, roomGenerationsQuery } from "@/features/generation/api/generations";
import { Pane } from "@/features/generation/components/pane";
import { AnswerSkeleton, Turn } from "@/features/generation/components/turn";
import { useGeneration } from "@/features/generation/hooks/use-generation";
import { useStop } from "@/features/generation/hooks/use-stop";
import { useEditedAmong } from "@/features/generation/model/edits";
import { versionAt } from "@/features/generation/model/versions";
import { announcement } from "@/features/generation/model/view";
import { ApiError } from "@/lib/api-client";
import { useConnection } from "@/lib/socket";
import { titleOf } from "@/lib/words";
import { AppPreview, hasPreview } from "../app-preview";
import { Screen } from "../screen";
import { Missing } from "./not-found";

const home = { name: "Home", to: "/" };

export function Component() {
  const { roomId = "" } = useParams();
  // Another conversation is another screen: nothing of the one before stays.
  return <Conversation roomId={roomId} key={roomId} />;
}

function Conversation({ roomId }: { roomId: string }) {
  const turns = useQuery(roomGenerationsQuery(roomId));
  const room = useQuery(roomQuery(roomId));
  const outgoing = useOutbox((state) => state.waiting);
  const waiting = useMemo(() => outgoing.filter((item) => item.roomId === roomId), [outgoing, roomId]);
  const asked = useAsked();
  const [opened, setOpened] = useState<{ id: string; path: string | undefined } | undefined>(
    asked ? { id: asked, path: undefined } : undefined,
  );
  const [showPane, setShowPane] = useState(false);
  const paused = useConnection((connection) => connection.state !== "connected");
  const items = turns.data ?? [];
  const last = items.at(-1);
  const known = opened && items.some((item) => item.id === opened.id);
  const shown = known ? opened.id : last?.id;
  const edited = useEditedAmong(items.map((item) => item.id));
  useScrollTo(turns.isSuccess && asked !== last?.id ? asked : undefined);
  const title = room.data?.name ?? (last ? titleOf(last) : "Conversation");

  if (room.error instanceof ApiError && room.error.status === 404) {
    return (
      <Screen title="Not found" parent={home}>
        <Missing title="This conversation is not here" text="It has been deleted, or it is not yours." />
      </Screen>
    );
  }
  const first = items[0];
  const name = first ? titleOf(first) : undefined;
  const hasPane = shown !== undefined;
  const unsaved = edited === shown ? undefined : edited;
  return (
    <Screen
      title={title}
      parent={home}
      actions={
        hasPane && (
          // biome-ignore lint/a11y/useSemanticElements: a row of two buttons, not a form group
          <span className="seg only-phone" role="group" aria-label="View">
            <button type="button" aria-pressed={!showPane} onClick={() => setShowPane(false)}>
              Chat
            </button>
            <button type="button" aria-pressed={showPane} onClick={() => setShowPane(true)}>
              {last?.type === "ui" ? "App" : "Code"}
            </button>
          </span>
        )
      }
    >
      <h1 className="sr">{title}</h1>
      <div className={`split ${showPane ? "show-pane" : ""} ${paused ? "is-paused" : ""}`}>
        <section className="chat" aria-label="Conversation">
          <Log busy={last !== undefined && !isEnded(last)} entries={items.length + waiting.length}>
            {turns.isPending && waiting.length === 0 && <AnswerSkeleton />}
            {turns.error && (
              <ErrorCard
                title="This conversation could not be loaded"
                error={turns.error}
                onRetry={() => void turns.refetch()}
                retrying={turns.isFetching}
              />
            )}
            {turns.isSuccess && items.length === 0 && waiting.length === 0 && (
              <div className="empty">
                <h3>A new conversation</h3>
                <p>Say what you want to make. It appears beside this text as it is written.</p>
              </div>
            )}
            {items.map((item, index) => (
              <Turn
                key={item.id}
                id={item.id}
                prompt={item.prompt}
                name={name}
                version={versionAt(items, index)}
                current={shown === item.id}
                onOpen={(path) => {
                  setOpened({ id: item.id, path });
                  setShowPane(true);
                }}
                onRetry={() => enqueue({ roomId, prompt: item.prompt, type: item.type })}
              />
            ))}
            <Waiting waiting={waiting} roomId={roomId} free={!last || isEnded(last)} />
          </Log>
          <Foot
            roomId={roomId}
            last={last}
            name={name ?? title}
            version={items.length > 0 ? versionAt(items, items.length - 1) : 1}
            onSent={() => setOpened(undefined)}
          />
        </section>
        {shown === undefined ? (
          <section className="pane" aria-label="Files" />
        ) : (
          <CrashBoundary name="The pane">
            <Pane
              id={shown}
              name={name}
              version={versionAt(
                items,
                items.findIndex((item) => item.id === shown),
              )}
              path={known ? opened.path : undefined}
              onPath={(path) => setOpened({ id: shown, path })}
              onSaved={
                room.data?.role === "viewer" ? undefined : (made) => setOpened({ id: made.id, path: opened?.path })
              }
              notice={
                unsaved !== undefined && (
                  <UnsavedNotice
                    version={versionAt(
                      items,
                      items.findIndex((item) => item.id === unsaved),
                    )}
                    onOpen={() => setOpened({ id: unsaved, path: undefined })}
                  />
                )
              }
              preview={(view, title, openFile) =>
                hasPreview(view) ? (
                  <AppPreview
                    view={view}
                    title={title}
                    onOpenFile={openFile}
                    onFix={(prompt) => {
                      enqueue({ roomId, prompt, type: "ui" });
                      setOpened(undefined);
                    }}
                    windowHref={`/g/${view.generation.id}?view=preview`}
                  />
                ) : null
              }
            />
          </CrashBoundary>
        )}
      </div>
    </Screen>
  );
}

/** What was changed by hand stays where it was when a newer version takes its place. */
function UnsavedNotice({ version, onOpen }: { version: number; onOpen: () => void }) {
  return (
    <div className="banner pane-notice" role="status">
      <Pencil className="i" aria-hidden="true" />
      <span className="grow">Your edit of version {version} is not saved.</span>
      <button type="button" className="btn btn-sm" onClick={onOpen}>
        Go back to it
      </button>
    </div>
  );
}

/** The generation that a link of the library asked for. */
function useAsked(): string | undefined {
  const state = useLocation().state as { open?: unknown } | null;
  return typeof state?.open === "string" ? state.open : undefined;
}

function useScrollTo(id: string | undefined) {
  useEffect(() => {
    if (id) document.getElementById(`turn-${id}`)?.scrollIntoView({ block: "start" });
  }, [id]);
}

interface FootProps {
  roomId: string;
  last: GenerationSummary | undefined;
  name: string;
  version: number;
  onSent: () => void;
}

function Foot(props: FootProps) {
  if (props.last) return <FollowUp {...props} last={props.last} />;
  return <FootComposer {...props} placeholder="Describe it in your own words." />;
}

function FollowUp(props: FootProps & { last: GenerationSummary }) {
  const { last, name, version } = props;
  const { view } = useGeneration(last.id);
  const { stop, stopping } = useStop(last.id);
  const running = view ? !view.ended : !isEnded(last);
  useEscape(running, stop);
  return (
    <>
      {view && (
        <p className="sr" role="status">
          {announcement(view)}
        </p>
      )}
      <FootComposer
        {...props}
        placeholder={running ? "Write what comes next…" : "Change something…"}
        onStop={running ? stop : undefined}
        stopping={stopping}
        top={
          running ? undefined : (
            <div className="composer-top">
              <span className={`badge ${kindTone(last.type)}`}>
                <KindGlyph kind={last.type} small />
                <span className="clip max-w-[24ch]">{name}</span>
                {version > 1 ? ` v${version}` : ""}
              </span>
              <span className="faint">is what you are changing</span>
            </div>
          )
        }
      />
    </>
  );
}

interface FootComposerProps extends FootProps {
  placeholder: string;
  onStop?: (() => void) | undefined;
  stopping?: boolean;
  top?: React.ReactNode;
}

function FootComposer({ roomId, last, onSent, placeholder, onStop, stopping, top }: FootComposerProps) {
  const [text, setText] = useDraft(`room.${roomId}`);
  return (
    <div className="chat-foot">
      <div className="inner">
        <Composer
          text={text}
          onText={setText}
          onSend={(prompt) => {
            enqueue({ roomId, prompt, type: last?.type ?? guessKind(prompt) });
            setText("");
            onSent();
          }}
          placeholder={placeholder}
          onStop={onStop}
          stopping={stopping}
          top={top}
          autoFocus
        />
      </div>
    </div>
  );
}

function Waiting({ waiting, roomId, free }: { waiting: readonly OutgoingPrompt[]; roomId: string; free: boolean }) {
  const connection = useConnection((state) => state.state);
  const [draft, setDraft] = useDraft(`room.${roomId}`);
  return waiting.map((item, index) => (
    <WaitingPrompt
      key={item.clientId}
      item={item}
      reason={
        connection !== "connected"
          ? "Waiting for the connection. It is sent when you are back."
          : index > 0 || !free
            ? "Next. Waits for the one before it."
            : "Sending"
      }
      onEdit={() => {
        setDraft(draft.trim() === "" ? item.prompt : `${item.prompt}\n${draft}`);
        removeFromOutbox(item.clientId);
      }}
      onRemove={() => removeFromOutbox(item.clientId)}
      onRetry={() => updateInOutbox(item.clientId, { refused: undefined })}
    />
  ));
}

function useEscape(active: boolean, run: () => void) {
  const handler = useCallback(
    (event: KeyboardEvent) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      if (document.querySelector("dialog[open], [role=menu]")) return;
      run();
    },
    [run],
  );
  useEffect(() => {
    if (!active) return;
    document.addEventListener("keydown", handler);
    return () => document.removeEventListener("keydown", handler);
  }, [active, handler]);
}
