// How does the page hear from the local Slack, and how does it tell what a person did?
import type { Workspace } from "./slack";

export type Act = { do: string } & Record<string, unknown>;

export type Answer = { ok: boolean; error?: string; errors?: Record<string, string>; doing?: string | null; ts?: string };

const PATIENCE_SECONDS = 25;
const AGAIN_MS = 1500;

export async function act(user: string, what: Act): Promise<Answer> {
  try {
    const said = await fetch("/_page/act", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ user, ...what }),
    });
    return (await said.json()) as Answer;
  } catch {
    return { ok: false, error: "unreachable" };
  }
}

/** Slack's own steps: ask where the bytes go, then send them there; a message that shows the file is the third. */
export async function upload(user: string, file: File): Promise<Answer & { file?: string }> {
  const told: Answer & { file?: string; upload?: string } = await act(user, { do: "announce", name: file.name, length: file.size });
  if (!told.ok || !told.upload) return told;
  try {
    const sent = await fetch(told.upload, { method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: file });
    return sent.ok ? told : { ok: false, error: `upload ${sent.status}` };
  } catch {
    return { ok: false, error: "unreachable" };
  }
}

export const fileAddress = (id: string): string => `/_page/file/${encodeURIComponent(id)}`;

/** Tell the state now and after each change until `signal`; null while the local Slack is away. */
export async function watch(
  user: string,
  tell: (state: Workspace | null) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const state = await read<Workspace>(`/_page/state?user=${encodeURIComponent(user)}`, signal);
      if (signal.aborted) return;
      tell(state);
      await changed(state.version, signal);
    } catch {
      if (signal.aborted) return;
      tell(null);
      await new Promise((done) => setTimeout(done, AGAIN_MS));
    }
  }
}

async function changed(version: number, signal: AbortSignal): Promise<void> {
  for (let known = version; known === version; ) {
    const said = await read<{ version: number }>(`/_page/changes?since=${version}&seconds=${PATIENCE_SECONDS}`, signal);
    known = said.version;
  }
}

async function read<Shape>(address: string, signal: AbortSignal): Promise<Shape> {
  const said = await fetch(address, { signal });
  if (!said.ok) throw new Error(String(said.status));
  return (await said.json()) as Shape;
}
