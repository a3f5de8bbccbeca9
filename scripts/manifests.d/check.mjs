// Checks Kubernetes manifests against the schemas that Istio, Envoy Gateway and Kubernetes publish, as the packages
// @kubernetes-models have them: the types, which know every field and value there is, and the validators, which
// know patterns and ranges.
//   node check.mjs PACKAGES FILE...      PACKAGES: a folder with node_modules

import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [packages, ...files] = process.argv.slice(2);
const require = createRequire(join(resolve(packages), "package.json"));
const ts = require("typescript");
const yaml = require("yaml");

const PACKAGE_OF_GROUP = [
  [/\.istio\.io$/, "@kubernetes-models/istio/"],
  [/^gateway\.envoyproxy\.io$/, "@kubernetes-models/envoy-gateway/"],
  [/^gateway\.networking\.k8s\.io$/, "@kubernetes-models/gateway-api/"],
  [/^(apps)?$/, "kubernetes-models/"],
];

/** The file of a module of the packages. */
const fileOf = (module) => join(resolve(packages), "node_modules", `${module}.js`);

/** The module that has the class and the type of a manifest's kind, if there is one. */
function moduleOf({ apiVersion = "", kind }) {
  const group = apiVersion.includes("/") ? apiVersion.split("/")[0] : "";
  const [, prefix] = PACKAGE_OF_GROUP.find(([pattern]) => pattern.test(group)) ?? [];
  const module = `${prefix}${apiVersion}/${kind}`;
  return prefix && existsSync(fileOf(module)) ? module : undefined;
}

/** Every document of the files, with a name for reports; what is no YAML is a problem already. */
function read(file) {
  return yaml.parseAllDocuments(readFileSync(file, "utf8")).map((document) => {
    const value = document.toJS() ?? {};
    const name = `${file}: ${value.kind} ${value.metadata?.name}`;
    return { name, value, module: moduleOf(value), problems: document.errors.map((error) => error.message) };
  });
}

/** Fields and values that the types do not have. */
function checkTypes(documents) {
  const source = documents
    .map(({ value, module }) => `((it: import("${module}").I${value.kind}) => it)(${JSON.stringify(value)});`)
    .join("\n");
  const file = join(resolve(packages), "manifests.mts");
  const options = { noEmit: true, strict: true, skipLibCheck: true, types: [], module: ts.ModuleKind.NodeNext };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (path) => path === file || fileExists(path);
  host.getSourceFile = (path, ...rest) =>
    path === file ? ts.createSourceFile(path, source, ...rest) : getSourceFile(path, ...rest);
  for (const found of ts.getPreEmitDiagnostics(ts.createProgram([file], options, host))) {
    const { line } = found.file.getLineAndCharacterOfPosition(found.start);
    documents[line].problems.push(ts.flattenDiagnosticMessageText(found.messageText, "\n  "));
  }
}

/** Values that the validators refuse. */
async function checkValues({ value, module, problems }) {
  const { [value.kind]: Model } = await import(pathToFileURL(fileOf(module)));
  try {
    new Model(value).validate();
  } catch (error) {
    problems.push(error.message);
  }
}

const documents = files.flatMap(read);
const known = documents.filter(({ module }) => module);
checkTypes(known);
for (const document of known) {
  await checkValues(document);
}
for (const { value, module, problems } of documents) {
  if (!module) {
    problems.push(`no schema for ${value.kind} of ${value.apiVersion}`);
  }
}
for (const { name, problems } of documents) {
  console.log(`${name}: ${problems.length === 0 ? "ok" : ["FAILED", ...problems].join("\n  ")}`);
}
process.exitCode = documents.length === 0 || documents.some(({ problems }) => problems.length > 0) ? 1 : 0;
