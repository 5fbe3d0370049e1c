// Who looks, at what, and how do they act? Shared by everything on the page.
import { createContext, useContext } from "react";
import type { Answer, Act } from "./server";
import type { Workspace } from "./slack";

export type Page = {
  workspace: Workspace;
  act: (what: Act) => Promise<Answer>;
  /** Channel id, or "home". */
  place: string;
  /** The ts of the thread that is open beside it; "" for none. */
  thread: string;
  go: (place: string, thread?: string) => void;
  names: (id: string) => string;
};

const Shared = createContext<Page | null>(null);
export const PageOf = Shared.Provider;

export function usePage(): Page {
  const page = useContext(Shared);
  if (!page) throw new Error("outside of the page");
  return page;
}

export const HOME = "home";

/** The direct message between the reader and the app. */
export const directTo = (workspace: Workspace): string => workspace.channels.find((one) => one.is_im)?.id ?? "";

/** Who or what an id means. */
export function nameOf(workspace: Workspace, id: string): string {
  const person = workspace.users.find((one) => one.id === id);
  return person?.real_name ?? workspace.channels.find((one) => one.id === id)?.name ?? id;
}
