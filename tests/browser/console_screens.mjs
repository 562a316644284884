// console_screens.mjs - how to get to every screen of the console, whatever the language: as a server administrator
// who is signed in. Each has a name, and ends when all of the screen is drawn.

export const SCREENS = {
    overview: async (visitor) => {
        await visitor.open("/console");
        await visitor.page.locator("main h1 ~ *").first().waitFor();
    },
};
