/** Modules of the compiled package, as users run it: the loader of the sources names every closure anew. */
export async function loadBuilt<Modules extends object>(paths: readonly string[]): Promise<Modules> {
  const built = (path: string) => import(new URL(`../../dist/${path}.js`, import.meta.url).href);
  return Object.assign({}, ...(await Promise.all(paths.map(built))));
}
