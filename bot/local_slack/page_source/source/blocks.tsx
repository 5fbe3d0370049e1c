// How is each block drawn?
import { useId } from "react";
import { Chart } from "./chart";
import { Interactive } from "./elements";
import { Prose } from "./mrkdwn";
import { OtherBlock } from "./other_blocks";
import { words, type Block, type Element, type Text } from "./slack";
import { useSurface } from "./surface";
import { DataTable } from "./table";
import { useTongue } from "./words";

export function Blocks({ blocks }: { blocks: Block[] }) {
  return (
    <div className="blocks">
      {blocks.map((block, at) => (
        <OneBlock key={block.block_id ?? at} block={block} />
      ))}
    </div>
  );
}

function OneBlock({ block }: { block: Block }) {
  switch (block.type) {
    case "header":
      return <h3 className="header">{words(block.text)}</h3>;
    case "section":
      return <Section block={block} />;
    case "context":
      return <Context block={block} />;
    case "actions":
      return <Actions block={block} />;
    case "input":
      return <Input block={block} />;
    case "divider":
      return <hr />;
    case "alert":
      return <Alert block={block} />;
    case "data_table":
      return <DataTable block={block} />;
    case "data_visualization":
      return <Chart block={block} />;
    default:
      return <OtherBlock block={block} />;
  }
}

function Section({ block }: { block: Block }) {
  const { names } = useSurface();
  const text = block.text as Text | undefined;
  return (
    <div className={block.accessory ? "section with-accessory" : "section"}>
      <div>
        {text && (
          <p>
            <Prose text={text} names={names} />
          </p>
        )}
        {block.fields && (
          <div className="fields">
            {block.fields.map((field, at) => (
              <p key={at}>
                <Prose text={field} names={names} />
              </p>
            ))}
          </div>
        )}
      </div>
      {block.accessory && <Accessory element={block.accessory} block={block} />}
    </div>
  );
}

function Accessory({ element, block }: { element: Element; block: Block }) {
  if (element.type === "image") return <img className="accessory" src={element.image_url} alt={element.alt_text ?? ""} />;
  const label = element.type === "button" ? undefined : words(block.text);
  return <Interactive element={element} block={block.block_id ?? ""} telling label={label || undefined} />;
}

function Context({ block }: { block: Block }) {
  const { names } = useSurface();
  return (
    <div className="context">
      {(block.elements ?? []).map((item, at) =>
        item.type === ("image" as string) ? (
          <img key={at} src={item.image_url} alt={item.alt_text ?? ""} />
        ) : (
          <span key={at}>
            <Prose text={item} names={names} />
          </span>
        ),
      )}
    </div>
  );
}

function Actions({ block }: { block: Block }) {
  return (
    <div className="actions">
      {(block.elements ?? []).map((element, at) => (
        <Interactive key={element.action_id ?? at} element={element} block={block.block_id ?? ""} telling />
      ))}
    </div>
  );
}

function Input({ block }: { block: Block }) {
  const { errors, names } = useSurface();
  const { say } = useTongue();
  const id = useId();
  const wrong = errors[block.block_id ?? ""];
  if (!block.element) return null;
  const described = [block.hint && `${id}-hint`, wrong && `${id}-wrong`].filter(Boolean).join(" ");
  return (
    <div className={wrong ? "input wrong" : "input"} data-block={block.block_id}>
      <div className="label" aria-hidden="true">
        {words(block.label)}
        {block.optional && <small>{say("optional")}</small>}
      </div>
      <Interactive
        element={block.element}
        block={block.block_id ?? ""}
        telling={block.dispatch_action ?? false}
        label={words(block.label)}
        describedBy={described || undefined}
        required={!block.optional}
      />
      {wrong && (
        <p className="error" id={`${id}-wrong`} role="alert">
          {wrong}
        </p>
      )}
      {block.hint && (
        <p className="hint" id={`${id}-hint`}>
          <Prose text={block.hint} names={names} />
        </p>
      )}
    </div>
  );
}

function Alert({ block }: { block: Block }) {
  const { names } = useSurface();
  const text = typeof block.text === "string" ? { type: "plain_text" as const, text: block.text } : block.text;
  return (
    <div className={`alert ${block.level ?? "info"}`} role="status">
      {text && <Prose text={text} names={names} />}
    </div>
  );
}
