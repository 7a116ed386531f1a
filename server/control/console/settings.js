// Settings: how AWS behaves here.

import { attempt, call } from "./api.js";
import { choice, h, heading } from "./dom.js";

const CHOICES = {
  signatures: ["off", "verify"],
  validation: ["strict", "lenient"],
  limits: ["off", "enforce"],
  latency: ["instant", "real"],
  s3_namespace: ["global", "account"],
  sqs_endpoint_strategy: ["standard", "domain", "path", "dynamic"],
  iam: ["off"],
};
const TOLD = {
  signatures: "Whether the signatures of requests are checked.",
  validation: "How strictly requests are held to AWS's model.",
  limits: "Whether AWS's quotas and throughput limits apply.",
  latency: "Whether clusters, tables and the like take as long as on AWS.",
  default_account: "Whose account unknown access keys are of: 12 digits.",
  s3_namespace: "Whether bucket names are unique for all, as on AWS, or per account.",
  sqs_endpoint_strategy: "The form of queue URLs.",
  iam: "Whether IAM policies decide: they are not evaluated in this version.",
};

export function show(view) {
  const list = h("dl", { class: "card settings-list" });
  view.append(heading("Settings", "How AWS behaves here. A change holds till the server stops; its"
    + " options say how it starts."), list);

  async function draw() {
    const config = await attempt(() => call("GET", "config"));
    if (!config) return;
    list.replaceChildren(...Object.entries(config).map(([name, value]) => h("div", {},
      h("dt", {}, h("label", { for: name, class: "mono" }, name), h("p", { class: "dim" }, TOLD[name] ?? "")),
      h("dd", {}, control(name, value)))));
  }

  function control(name, value) {
    const change = async (event) => {
      await attempt(() => call("PUT", "config", { [name]: event.target.value }),
        `${name} = ${event.target.value}`);
      draw();
    };
    if (CHOICES[name]) return choice(CHOICES[name], value, { id: name, onChange: change });
    return h("input", { id: name, value, onChange: change });
  }

  draw();
}
