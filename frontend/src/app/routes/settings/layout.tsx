// Screen: the settings. Each part has an address of its own and comes inside.
import { Database, KeyRound, MonitorSmartphone, ShieldCheck, UserRound } from "lucide-react";
import { Outlet, useLocation } from "react-router";
import { SectionNav } from "@/components/ui/section-nav";
import { Screen } from "../../screen";

const sections = [
  ["/settings/profile", "Profile", UserRound],
  ["/settings/security", "Security", ShieldCheck],
  ["/settings/sessions", "Sessions", MonitorSmartphone],
  ["/settings/api-keys", "API keys", KeyRound],
  ["/settings/data", "Your data", Database],
] as const;

export function Component() {
  const { pathname } = useLocation();
  const name = sections.find(([to]) => to === pathname)?.[1] ?? "Settings";
  return (
    <Screen title={name} parent={{ name: "Settings", to: "/settings/profile" }}>
      <div className="settings">
        <SectionNav label="Settings" sections={sections} />
        <div>
          <h1>{name}</h1>
          <Outlet />
        </div>
      </div>
    </Screen>
  );
}
