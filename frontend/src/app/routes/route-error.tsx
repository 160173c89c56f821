// Screen: a route could not be loaded or crashed. After an update its code may be gone from the server: a reload helps.
import { useRouteError } from "react-router";
import { errorWords } from "@/lib/api-client";

export function RouteError() {
  const error = useRouteError();
  return (
    <main className="signed-out" id="content">
      <div className="center-page">
        <h1>This screen did not open</h1>
        <p>{errorWords(error)} What you wrote is kept.</p>
        <button type="button" className="btn btn-primary" onClick={() => window.location.reload()}>
          Reload
        </button>
      </div>
    </main>
  );
}
