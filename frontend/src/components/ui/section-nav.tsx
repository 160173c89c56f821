// A screen of several parts, each at an address of its own: the parts at the side, or above on narrow screens.
import "@/styles/account.css";
import type { LucideIcon } from "lucide-react";
import { useEffect, useRef } from "react";
import { NavLink, useLocation } from "react-router";

interface SectionNavProps {
  label: string;
  sections: readonly (readonly [to: string, name: string, icon: LucideIcon])[];
}

export function SectionNav({ label, sections }: SectionNavProps) {
  const nav = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the current one is another at another address
  useEffect(() => {
    nav.current?.querySelector("[aria-current=page]")?.scrollIntoView?.({ block: "nearest", inline: "nearest" });
  }, [pathname]);
  return (
    <nav className="settings-nav" aria-label={label} ref={nav}>
      {sections.map(([to, name, Icon]) => (
        <NavLink className="side-item" to={to} key={to}>
          <Icon className="i" aria-hidden="true" />
          {name}
        </NavLink>
      ))}
    </nav>
  );
}
