// The side bar: places, what is being made, what was made lately. Phones get a tab bar instead.
import { useQuery } from "@tanstack/react-query";
import { House, Library, ShieldUser } from "lucide-react";
import { Fragment } from "react";
import { Link, NavLink, useLocation } from "react-router";
import type { GenerationSummary } from "@/api/types";
import { Mark } from "@/components/ui/mark";
import { roomNamesQuery } from "@/features/conversation/api/rooms";
import { JobLine } from "@/features/generation/components/job-row";
import { recentQuery, runningQuery } from "@/features/history/api/history";
import { placeOf } from "@/features/history/model/summary";
import { useSession } from "@/lib/auth-session";
import { dayName, titleOf } from "@/lib/words";
import { UserMenu } from "./user-menu";

const places = [
  ["/", "Home", House],
  ["/library", "Library", Library],
] as const;
const adminPlaces = [...places, ["/admin", "Administration", ShieldUser]] as const;

function usePlaces() {
  return useSession((state) => state.user?.role) === "admin" ? adminPlaces : places;
}

export function Side() {
  const running = useQuery(runningQuery).data ?? [];
  const recent = useQuery(recentQuery).data ?? [];
  const names = useQuery(roomNamesQuery).data ?? {};
  const nameOf = (item: GenerationSummary) => (item.roomId ? names[item.roomId] : undefined);
  const { pathname } = useLocation();
  const shown = usePlaces();
  const conversations = latestOfEach(recent).slice(0, 12);
  return (
    <nav className="side" aria-label="Main">
      <Link className="side-brand" to="/" aria-label="AetherOS, home">
        <Mark />
        <span className="side-label">AetherOS</span>
      </Link>
      {shown.map(([to, name, Icon]) => (
        <NavLink className="side-item" to={to} end={to === "/"} title={name} key={to}>
          <Icon className="i" aria-hidden="true" />
          <span className="side-label">{name}</span>
        </NavLink>
      ))}
      <div className="side-scroll">
        {running.length > 0 && <div className="side-sec">Being made</div>}
        {running.map((job) => (
          <JobLine job={job} name={nameOf(job)} to={placeOf(job)} key={job.id} />
        ))}
        {conversations.map((item, index) => {
          const day = dayName(item.createdAt);
          const before = conversations[index - 1];
          return (
            <Fragment key={item.id}>
              {(!before || dayName(before.createdAt) !== day) && <div className="side-sec">{day}</div>}
              <Link
                className="side-chat"
                to={placeOf(item)}
                aria-current={pathname === placeOf(item) ? "page" : undefined}
              >
                <span className="clip">{nameOf(item) ?? titleOf(item)}</span>
              </Link>
            </Fragment>
          );
        })}
      </div>
      <div className="side-foot">
        <UserMenu />
      </div>
    </nav>
  );
}

export function TabBar() {
  const shown = usePlaces();
  return (
    <nav className="tabbar" aria-label="Main, phone">
      {shown.map(([to, name, Icon]) => (
        <NavLink to={to} end={to === "/"} key={to}>
          <Icon className="i" aria-hidden="true" />
          {name}
        </NavLink>
      ))}
    </nav>
  );
}

/** One line for each conversation: its latest generation that is not under way. */
function latestOfEach(items: readonly GenerationSummary[]): GenerationSummary[] {
  const seen = new Set<string>();
  return items.filter((item) => {
    const place = placeOf(item);
    if (seen.has(place)) return false;
    seen.add(place);
    return item.status !== "running" && item.status !== "queued";
  });
}
