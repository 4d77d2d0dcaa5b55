/** The address of a path at a node, or at one of its further ledgers, which stand under paths of their own. */
export const under = (url: string, path: string): URL => new URL(url.replace(/\/+$/, '') + path)
