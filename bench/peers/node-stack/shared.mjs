// What both processes of the Node peer share.

export const CHANNELS = { jobs: "jobs", progress: "progress" };

/** Listens on loopback at `PORT`, and ends at SIGTERM. */
export function listen(http, close) {
  process.on("SIGTERM", () => {
    close();
    process.exit(0);
  });
  http.listen(Number(process.env.PORT), "127.0.0.1");
}
