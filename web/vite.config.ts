import { defineConfig } from "vite";

// What is made goes into the server's assembly. app.js and app.css keep their names, so that nothing outside need know them; screens
// are chunks of their own, named by what is in them, so that a browser never mixes two versions.
export default defineConfig({
  base: "./",
  publicDir: "public",
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  build: {
    outDir: "../src/Indelible.Server/wwwroot",
    emptyOutDir: true,
    target: "es2022",
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rollupOptions: {
      output: {
        entryFileNames: "app.js",
        chunkFileNames: "chunk-[name]-[hash].js",
        assetFileNames: (asset) => (asset.names.some((name) => name.endsWith(".css")) ? "app.css" : "[name][extname]"),
      },
    },
  },
  // `npm run preview` shows what was built, before a server that runs already (run.sh).
  preview: { port: 7479, proxy: { "/api": "http://127.0.0.1:7480", "/logs": "http://127.0.0.1:7480" } },
});
