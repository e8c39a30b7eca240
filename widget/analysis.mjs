// Says what a bundle's bytes are spent on, module by module.

/** @param {import('esbuild').Metafile} metafile of a build with one output */
export function printAnalysis({ outputs }) {
  const [{ inputs, bytes }] = Object.values(outputs);
  const modules = Object.entries(inputs)
    .map(([module, { bytesInOutput }]) => [module, bytesInOutput])
    .sort(([, one], [, other]) => other - one);
  for (const [module, own] of modules) {
    console.log(
      `${String(own).padStart(6)}  ${`${((100 * own) / bytes).toFixed(1)} %`.padStart(6)}  ${module}`,
    );
  }
}
