/** The address of the zstd decoder; see vite.config.ts. */
declare module "virtual:zstd-decoder" {
  const url: string;
  export default url;
}
