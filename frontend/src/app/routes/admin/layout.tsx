// Screen: the administration, for administrators only. To anybody else there is nothing here.
import { ScrollText, UsersRound } from "lucide-react";
import { Outlet, useLocation } from "react-router";
import { SectionNav } from "@/components/ui/section-nav";
import { useSession } from "@/lib/auth-session";
import { Screen } from "../../screen";
import { Missing } from "../not-found";

const sections = [
  ["/admin/users", "Users", UsersRound],
  ["/admin/audit", "Audit log", ScrollText],
] as const;

export function Component() {
  const admin = useSession((state) => state.user?.role === "admin");
  const { pathname } = useLocation();
  if (!admin) {
    return (
      <Screen title="Not found">
        <Missing title="Nothing is here" text="The address is wrong, or it is not for your account." />
      </Screen>
    );
  }
  const name = sections.find(([to]) => to === pathname)?.[1] ?? "Administration";
  return (
    <Screen title={name} parent={{ name: "Administration", to: "/admin/users" }}>
      <div className="admin">
        <SectionNav label="Administration" sections={sections} />
        <div className="lib">
          <Outlet />
        </div>
      </div>
    </Screen>
  );
}
