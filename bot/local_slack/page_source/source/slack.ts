// What does the page know of a workspace? The shapes are Slack's own, as far as the page reads them.

export type Text = { type: "plain_text" | "mrkdwn"; text: string; emoji?: boolean; verbatim?: boolean };

export type Option = { text: Text; value: string; description?: Text; url?: string };

export type Confirm = { title: Text; text: Text; confirm: Text; deny: Text; style?: "primary" | "danger" };

/** An interactive element. What a kind does not know is not there. */
export type Element = {
  type: string;
  action_id?: string;
  text?: Text;
  value?: string;
  url?: string;
  style?: "primary" | "danger";
  accessibility_label?: string;
  confirm?: Confirm;
  placeholder?: Text;
  options?: Option[];
  option_groups?: { label: Text; options: Option[] }[];
  multiline?: boolean;
  min_length?: number;
  max_length?: number;
  min_value?: string;
  max_value?: string;
  is_decimal_allowed?: boolean;
  focus_on_load?: boolean;
  max_selected_items?: number;
  image_url?: string;
  alt_text?: string;
  [initial: `initial_${string}`]: unknown;
};

export type Cell = { type: string; text?: string; value?: number };

export type Series = { name: string; data: { label: string; value: number }[] };

export type ChartBody = {
  type: string;
  series?: Series[];
  segments?: { label: string; value: number }[];
  axis_config?: { categories?: string[]; x_label?: string; y_label?: string };
};

export type Block = {
  type: string;
  block_id?: string;
  text?: Text | string;
  fields?: Text[];
  accessory?: Element;
  element?: Element;
  elements?: (Element & Text)[];
  label?: Text;
  hint?: Text;
  optional?: boolean;
  dispatch_action?: boolean;
  caption?: string;
  rows?: Cell[][];
  page_size?: number;
  title?: string | Text;
  chart?: ChartBody;
  level?: string;
  image_url?: string;
  alt_text?: string;
};

export type Person = { id: string; name: string; real_name: string; is_bot: boolean; is_restricted: boolean; tz: string };

export type Channel = {
  id: string;
  name: string;
  is_im: boolean;
  is_private: boolean;
  is_archived: boolean;
  is_read_only: boolean;
  is_member: boolean;
  can_write: boolean;
  user?: string;
};

export type FileCard = { id: string; name: string; title?: string; size?: number };

export type Message = {
  ts: string;
  user: string;
  text: string;
  blocks?: Block[];
  thread_ts?: string;
  files?: FileCard[];
  edited?: object;
  is_bot: boolean;
  is_ephemeral: boolean;
  replies?: Message[];
};

export type View = {
  id: string;
  type: "modal" | "home";
  hash: string;
  title?: Text;
  submit?: Text | null;
  close?: Text | null;
  blocks: Block[];
  errors?: Record<string, string>;
  busy?: boolean;
};

export type Shortcut = { callback_id: string; name: string; type: "global" | "message"; description: string };

export type Command = { command: string; description: string; usage_hint: string };

/** What a person did, and whether the app answered in time. */
export type Doing = {
  id: string;
  kind: string;
  what: string;
  channel: string;
  at: number;
  state: "waiting" | "acked" | "failed";
  error: string;
};

export type Workspace = {
  version: number;
  now: number;
  connected: number;
  team: { name: string };
  app: { name: string; user_id: string };
  me: Person;
  users: Person[];
  channels: Channel[];
  messages: Record<string, Message[]>;
  views: View[];
  home: View | null;
  doings: Doing[];
  shortcuts: Shortcut[];
  commands: Command[];
};

/** What an element holds: a text, a date, an option's value, several of them, or nothing. */
export type Held = string | string[] | null;

/** Block id -> action id -> what stands there. */
export type Values = Record<string, Record<string, Held>>;

export const words = (text: Text | string | undefined | null): string =>
  typeof text === "string" ? text : (text?.text ?? "");
