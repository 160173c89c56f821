// Where one is signed in: each sign-in with its device and place, to be ended one by one or all but this.
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Monitor, Smartphone, SquareTerminal } from "lucide-react";
import { keys } from "@/api/keys";
import type { OwnSession } from "@/api/types";
import { ErrorCard } from "@/components/ui/error-card";
import { MoreButton } from "@/components/ui/more-button";
import { Panel, ThingsSkeleton } from "@/components/ui/panel";
import { showToast } from "@/components/ui/toast";
import { ApiError, errorWords } from "@/lib/api-client";
import { ago, dateWords } from "@/lib/words";
import { endOneSession, endOtherSessions, sessionsQuery } from "../api/sessions";
import { type DeviceKind, deviceOf } from "../model/device";

const icons: Readonly<Record<DeviceKind, typeof Monitor>> = {
  computer: Monitor,
  phone: Smartphone,
  program: SquareTerminal,
};

export function SessionList() {
  const sessions = useInfiniteQuery(sessionsQuery);
  const client = useQueryClient();
  const again = () => client.invalidateQueries({ queryKey: keys.sessions });
  const others = useMutation({
    mutationFn: endOtherSessions,
    onSuccess: () => showToast("You are signed out everywhere else."),
    onError: (error) => showToast(`The others could not be signed out. ${errorWords(error)}`),
    onSettled: again,
  });
  const items = sessions.data?.pages.flatMap((page) => page.items) ?? [];
  // This one first: it is what the others are compared with.
  const shown = [...items.filter((one) => one.current), ...items.filter((one) => !one.current)];
  return (
    <Panel
      title="Where you are signed in"
      note="Something here that is not you? Sign it out, then change your password. It is out within a second."
    >
      {sessions.isPending && <ThingsSkeleton rows={3} />}
      {shown.length > 0 && (
        <ul className="things" aria-label="Sign-ins">
          {shown.map((session) => (
            <Row session={session} onEnded={again} key={session.id} />
          ))}
        </ul>
      )}
      {sessions.error && (
        <ErrorCard
          title="Your sign-ins could not be loaded"
          error={sessions.error}
          onRetry={() => void sessions.refetch()}
          retrying={sessions.isFetching}
        />
      )}
      <MoreButton query={sessions} />
      {sessions.isSuccess &&
        (shown.length > 1 ? (
          <div className="btn-row">
            <button
              type="button"
              className="btn"
              aria-disabled={others.isPending}
              onClick={() => !others.isPending && others.mutate()}
            >
              {others.isPending && <span className="nib" />}
              {others.isPending ? "Signing out…" : "Sign out everywhere else"}
            </button>
          </div>
        ) : (
          <p className="dim">You are signed in nowhere else.</p>
        ))}
    </Panel>
  );
}

function Row({ session, onEnded }: { session: OwnSession; onEnded: () => Promise<void> }) {
  const device = deviceOf(session.device);
  const Icon = icons[device.kind];
  const end = useMutation({
    mutationFn: () => endOneSession(session.id),
    onSuccess: () => showToast(`${device.name} is signed out.`),
    onError: (error) => {
      // It has ended by itself in the meantime: that is what was wanted.
      if (!(error instanceof ApiError && error.status === 404)) showToast(`Not signed out. ${errorWords(error)}`);
    },
    onSettled: onEnded,
  });
  return (
    <li className="thing">
      <Icon className="i" aria-hidden="true" />
      <div>
        <span className="thing-name">
          {device.name}
          {session.current && <span className="badge live">This one</span>}
        </span>
        <small>
          {session.ip}, {session.current ? "in use now" : `last used ${ago(session.lastUsedAt)}`}, signed in on{" "}
          {dateWords(session.createdAt)}
        </small>
      </div>
      {!session.current && (
        <button
          type="button"
          className="btn"
          aria-label={`Sign out ${device.name}, ${session.ip}`}
          aria-disabled={end.isPending}
          onClick={() => !end.isPending && end.mutate()}
        >
          {end.isPending && <span className="nib" />}
          {end.isPending ? "Signing out…" : "Sign out"}
        </button>
      )}
    </li>
  );
}
