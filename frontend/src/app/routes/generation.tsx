// Screen: a generation that belongs to no conversation, such as one made over REST.
import { useState } from "react";
import { useNavigate, useParams, useSearchParams } from "react-router";
import { showToast } from "@/components/ui/toast";
import { createRoom } from "@/features/conversation/api/rooms";
import { Log } from "@/features/conversation/components/log";
import { enqueue } from "@/features/conversation/model/outbox";
import { roomName } from "@/features/conversation/model/room-name";
import { Pane } from "@/features/generation/components/pane";
import { Turn } from "@/features/generation/components/turn";
import { useGeneration } from "@/features/generation/hooks/use-generation";
import { ApiError, errorWords } from "@/lib/api-client";
import { newClientId } from "@/lib/ids";
import { titleOf } from "@/lib/words";
import { AppPreview, hasPreview } from "../app-preview";
import { Screen } from "../screen";
import { Missing } from "./not-found";

const library = { name: "Library", to: "/library" };

export function Component() {
  const { generationId = "" } = useParams();
  const [search] = useSearchParams();
  if (search.get("view") === "preview") return <Alone id={generationId} key={generationId} />;
  return <Single id={generationId} key={generationId} />;
}

/** The app and nothing else, for a window of its own. */
function Alone({ id }: { id: string }) {
  const { view, error } = useGeneration(id);
  const title = view ? titleOf(view.generation) : "Preview";
  const navigate = useNavigate();
  return (
    <Screen title={title} parent={library}>
      <h1 className="sr">{title}</h1>
      {error instanceof ApiError && error.status === 404 && (
        <Missing title="This is not here" text="It has been deleted, or it is not yours." />
      )}
      {view && !hasPreview(view) && <Missing title="Nothing to run" text="This is read, not run." />}
      {view && hasPreview(view) && (
        <AppPreview view={view} title={title} onOpenFile={() => void navigate(`/g/${id}`)} />
      )}
    </Screen>
  );
}

function Single({ id }: { id: string }) {
  const { view, error } = useGeneration(id);
  const [path, setPath] = useState<string>();
  const [showPane, setShowPane] = useState(false);
  const navigate = useNavigate();
  if (error instanceof ApiError && error.status === 404) {
    return (
      <Screen title="Not found" parent={library}>
        <Missing title="This is not here" text="It has been deleted, or it is not yours." />
      </Screen>
    );
  }
  const title = view ? titleOf(view.generation) : "Library";
  async function again() {
    if (!view) return;
    try {
      const room = await createRoom(roomName(view.generation.prompt), newClientId());
      enqueue({ roomId: room.id, prompt: view.generation.prompt, type: view.generation.type });
      await navigate(`/c/${room.id}`);
    } catch (failure) {
      showToast(errorWords(failure));
    }
  }
  return (
    <Screen title={title} parent={library}>
      <h1 className="sr">{title}</h1>
      <div className={`split ${showPane ? "show-pane" : ""}`}>
        <section className="chat" aria-label="Conversation">
          <Log busy={view !== undefined && !view.ended} entries={1}>
            <Turn
              id={id}
              prompt={view?.generation.prompt ?? ""}
              version={1}
              current
              onOpen={(next) => {
                setPath(next);
                setShowPane(true);
              }}
              onRetry={() => void again()}
            />
          </Log>
        </section>
        <Pane
          id={id}
          version={1}
          path={path}
          onPath={setPath}
          onSaved={(made) => void navigate(`/g/${made.id}`, { replace: true })}
          preview={(shown, name, openFile) =>
            hasPreview(shown) ? (
              <AppPreview view={shown} title={name} onOpenFile={openFile} windowHref={`/g/${id}?view=preview`} />
            ) : null
          }
        />
      </div>
    </Screen>
  );
}
