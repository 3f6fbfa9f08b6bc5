"""Activities as the mall's staff handle them: codes to print, who took part, contests."""
