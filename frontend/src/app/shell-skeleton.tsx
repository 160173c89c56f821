// What stands until it is known who is there: the shell's shape, no words.
import { useSession } from "@/lib/auth-session";

export function ShellSkeleton() {
  const unreachable = useSession((state) => state.unreachable);
  if (unreachable) {
    return (
      <main className="signed-out" id="content">
        <div className="center-page" role="status">
          <h1>The server does not answer</h1>
          <p>It may be starting. This page asks again every few seconds.</p>
        </div>
      </main>
    );
  }
  return (
    <div className="shell" aria-busy="true">
      <div className="side" />
      <div className="main">
        <div className="top" />
        <div />
      </div>
    </div>
  );
}
