// How are the blocks drawn that Asakai does not send itself: rich text, markdown, images, cards …?
// By slack-blocks-to-jsx, which knows all of Block Kit. Texts, tables, charts and everything to press are ours: it
// interprets plain text, shrinks charts on a phone until they cannot be read, and tells nobody of a press.
import { Message, type Block as KnownBlock } from "slack-blocks-to-jsx";
import "slack-blocks-to-jsx/dist/style.css";
import type { Block } from "./slack";
import { useSurface } from "./surface";

export function OtherBlock({ block }: { block: Block }) {
  const { people, channels } = useSurface();
  return (
    <Message
      name=""
      logo=""
      withoutWrapper
      theme="light"
      blocks={[block as unknown as KnownBlock]}
      data={{
        users: people.map((one) => ({ id: one.id, name: one.real_name })),
        channels: channels.map((one) => ({ id: one.id, name: one.name })),
      }}
    />
  );
}
