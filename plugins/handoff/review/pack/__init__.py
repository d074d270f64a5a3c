"""The weekly pack: one document that both teams can stand behind, as a page, for print, and for Slack."""
