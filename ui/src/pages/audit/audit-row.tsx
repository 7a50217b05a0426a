import type { ComponentChildren } from "preact";
import type { AuditRecordView } from "../../api/types.js";
import { Facts } from "../../components/facts.js";
import { State, toneOf } from "../../components/state.js";
import { appLink, changeLink, repositoryLink } from "../../navigation/links.js";
import { factsOf, OPERATOR, sentenceOf } from "./sentence.js";

const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

/** A record as a sentence. It opens to show everything that is stored. */
export function AuditRow({ record }: { readonly record: AuditRecordView }) {
  const { time, object, outcome, details = {}, actor, verb, number, chain, hash } = record;
  const { who, did, kind } = sentenceOf(record);
  const change = typeof details.change === "string" ? details.change : undefined;
  const facts = factsOf(record);
  return (
    <li class="audit-row">
      <time class="audit-time" dateTime={time} title={`${EXACT.format(Date.parse(time))} (${time})`}>
        {TIME.format(Date.parse(time))}
      </time>
      <State of={outcome} quiet />
      <div class="audit-text">
        <p class={toneOf(outcome) === "bad" ? "audit-sentence audit-bad" : "audit-sentence"}>
          <strong>{who}</strong> {did} {kind} <ObjectLink object={object} />
          {change !== undefined && object.namespace !== undefined && object.kind !== "Change" && (
            <>
              {" with "}
              <a href={changeLink(object.namespace, change)}>{change}</a>
            </>
          )}
        </p>
        {facts.length > 0 && <p class="audit-facts muted">{facts.join(" · ")}</p>}
        <details class="audit-record">
          <summary>Details</summary>
          <Facts
            rows={[
              ["Time", <code key="time">{time}</code>],
              ["User", actor === OPERATOR ? `${actor} (the operator itself)` : actor],
              ["Action", `${verb} ${object.kind}`],
              ...Object.entries(details).map(
                ([name, value]) => [name, Array.isArray(value) ? value.join(", ") : String(value)] as const,
              ),
              ["Number", number],
              ["Chain", <code key="chain">{chain}</code>],
              ["Hash", <code key="hash">{hash}</code>],
            ]}
          />
        </details>
      </div>
    </li>
  );
}

function ObjectLink({ object }: { readonly object: AuditRecordView["object"] }): ComponentChildren {
  const { kind, namespace, name } = object;
  const text = namespace === undefined ? name : `${namespace}/${name}`;
  const link = { OverseerApp: appLink, Change: changeLink, GitRepository: repositoryLink }[kind];
  if (link === undefined || namespace === undefined || name === "") return <span>{text}</span>;
  return <a href={link(namespace, name)}>{text}</a>;
}
