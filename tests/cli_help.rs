//! The words of `--help`, so that a change of them is seen.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

fn help(command: &[&str]) -> String {
    let mut program = assert_cmd::Command::new(env!("CARGO_BIN_EXE_gridloom"));
    let output = program.args(command).arg("--help").env("COLUMNS", "100").output().expect("the program");
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[test]
fn help_of_gridloom() {
    insta::assert_snapshot!(help(&[]), @"
    Turns the per-gridcell dumps of climate and vegetation models into files people can work with

    Usage: gridloom <COMMAND>

    Commands:
      inspect      Say what a run holds: cells, periods, variables, damage. Also shows a single dump or
                   region file
      plan         Say what `grid` would do with the same options: files, chunks, work, memory
      grid         Make masked regional arrays (time, lat, lon) as CF NetCDF-4, a file a variable
      tables       Make tables: a cell's days, yearly vegetation, means over regions, statistics
      cells        Archive a run in one file with a group a cell, and read, change and prove such
                   archives
      run          Make all that a configuration names, in one pass over the dumps
      publish      Write the files of what `grid --shard` or `tables --shard` did
      status       Say how far the work in an output folder is, while it goes on or after a crash
      verify       Prove that what was made holds exactly what the dumps do
      plot         Draw a figure of grids, tables or reports: PNG, SVG or PDF
      figures      Draw all figures of a list, those whose inputs or settings changed
      report       Make a page of a run's output: maps, series, health, tables, in one file
      demo         Run inspect, grid and verify on the sample run
      completions  Print a completion script for a shell
      man          Write the man pages into a folder
      help         Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Exit status: 0 complete; 1 failed; 2 wrong usage; 3 done, but some inputs were missing or damaged; 4
    verify found differences; 5 publish: work is left; 75 stopped by a signal, the same command
    continues.
    ");
}

#[test]
fn help_of_inspect() {
    insta::assert_snapshot!(help(&["inspect"]), @"
    Say what a run holds: cells, periods, variables, damage. Also shows a single dump or region file

    Usage: gridloom inspect [OPTIONS] <PATH>

    Arguments:
      <PATH>  A run folder, an archive of `cells`, a dump (*.pkz), or a region file (*.psz)

    Options:
          --deep                Read and check every dump of the run, not only a sample
          --write-empty <FILE>  Write the cells that hold nothing, wholly or in part, to this gridlist
          --overwrite           Replace whatever FILE is
          --json                Print JSON
          --max-decoded <SIZE>  Refuse dumps that decode to more than this [default: 1GiB]
          --max-values <N>      Refuse dumps with more values than this (an array counts as one)
                                [default: 4194304]
          --config <FILE>       Read settings from this file; see docs/configuration.md
      -h, --help                Print help
      -V, --version             Print version
    ");
}

#[test]
fn help_of_plan() {
    insta::assert_snapshot!(help(&["plan"]), @"
    Say what `grid` would do with the same options: files, chunks, work, memory

    Usage: gridloom plan [OPTIONS] <RUN>

    Arguments:
      <RUN>
              The run folder, which holds the grd_Y-X folders, or an archive of `cells`

    Options:
      -o, --output <OUT>
              The folder for the files

          --variables <LIST>
              Variables, or rows of them, with * and ? as wildcards: npp,csoil_2,'litter*' [default:
              all]

          --periods <LIST>
              Numbers of periods: 1,3-5. Those that seem to be of several runs are refused unless they
              are given, or `all` [default: all]

          --from <DATE>
              First day of the time axis, YYYY-MM-DD [default: the first of the data]

          --to <DATE>
              Last day of the time axis, included [default: the last of the data]

          --bbox <N,S,W,E>
              Only cells whose centres are in this box of degrees; the grid is the box. W > E crosses
              the date line

          --region <NAME>
              A box by its name: pan-amazon, or one of the configuration

          --cells <LIST.csv>
              Only the cells of a gridlist: a CSV file with columns lat, lon or global_y, global_x

          --global
              Write the whole globe

          --rows <MODE>
              Variables of several rows: a file a row, or one file with a dimension of rows [default:
              split]

              Possible values:
              - split:     csoil_1, csoil_2, … in files of their own
              - dimension: One file with [time, csoil_row, lat, lon]

          --deflate <LEVEL>
              Compress with deflate at this level, 1 to 12 [default: 4]

          --zstd[=<LEVEL>]
              Compress with zstd, 1 to 22; readers need HDF5's zstd plugin

          --no-compress
              Do not compress

          --chunk <T,Y,X>
              The shape of chunks in days, rows, columns [default: about 1 MiB]

          --name <TEMPLATE>
              Template of file names [default: {variable}_{run}_{start}_{end}.nc]

          --every <INTERVAL>
              One value an interval instead of daily ones: day, month, season or year; needs --stat

          --stat <STAT>
              What of the days of an interval: mean, sum, min, max, std; several make as many files;
              needs --every

          --overwrite
              Go ahead in a folder that holds other files, and replace those of the same names

          --fresh
              Start over, even if the output folder has work to continue

          --shard <I/N>
              Do one task's share of the work: I/N, I from 0 to N - 1, N up to 9999, or auto for what
              Slurm says of a job array

          --threads <N>
              Threads, up to 4096 [default: all that the machine or the batch job allows]

          --memory <SIZE>
              Memory budget, such as 2GiB [default: half of what is free, at most 512 MiB a thread]

          --grace <TIME>
              How long what is begun may take after SIGINT, SIGTERM or SIGUSR1, at most 30days

              [default: 20s]

          --drop-spool
              Remove the checkpoint when all is published; new periods then cost as much as all

          --max-decoded <SIZE>
              Refuse dumps that decode to more than this [default: 1GiB]

          --max-values <N>
              Refuse dumps with more values than this (an array counts as one) [default: 4194304]

          --config <FILE>
              Read settings from this file; see docs/configuration.md

      -q, --quiet
              Say nothing but errors

          --json
              Print the result as JSON

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version
    ");
}

#[test]
fn help_of_grid() {
    insta::assert_snapshot!(help(&["grid"]), @"
    Make masked regional arrays (time, lat, lon) as CF NetCDF-4, a file a variable

    Usage: gridloom grid [OPTIONS] <RUN>

    Arguments:
      <RUN>
              The run folder, which holds the grd_Y-X folders, or an archive of `cells`

    Options:
      -o, --output <OUT>
              The folder for the files

          --variables <LIST>
              Variables, or rows of them, with * and ? as wildcards: npp,csoil_2,'litter*' [default:
              all]

          --periods <LIST>
              Numbers of periods: 1,3-5. Those that seem to be of several runs are refused unless they
              are given, or `all` [default: all]

          --from <DATE>
              First day of the time axis, YYYY-MM-DD [default: the first of the data]

          --to <DATE>
              Last day of the time axis, included [default: the last of the data]

          --bbox <N,S,W,E>
              Only cells whose centres are in this box of degrees; the grid is the box. W > E crosses
              the date line

          --region <NAME>
              A box by its name: pan-amazon, or one of the configuration

          --cells <LIST.csv>
              Only the cells of a gridlist: a CSV file with columns lat, lon or global_y, global_x

          --global
              Write the whole globe

          --rows <MODE>
              Variables of several rows: a file a row, or one file with a dimension of rows [default:
              split]

              Possible values:
              - split:     csoil_1, csoil_2, … in files of their own
              - dimension: One file with [time, csoil_row, lat, lon]

          --deflate <LEVEL>
              Compress with deflate at this level, 1 to 12 [default: 4]

          --zstd[=<LEVEL>]
              Compress with zstd, 1 to 22; readers need HDF5's zstd plugin

          --no-compress
              Do not compress

          --chunk <T,Y,X>
              The shape of chunks in days, rows, columns [default: about 1 MiB]

          --name <TEMPLATE>
              Template of file names [default: {variable}_{run}_{start}_{end}.nc]

          --every <INTERVAL>
              One value an interval instead of daily ones: day, month, season or year; needs --stat

          --stat <STAT>
              What of the days of an interval: mean, sum, min, max, std; several make as many files;
              needs --every

          --overwrite
              Go ahead in a folder that holds other files, and replace those of the same names

          --fresh
              Start over, even if the output folder has work to continue

          --shard <I/N>
              Do one task's share of the work: I/N, I from 0 to N - 1, N up to 9999, or auto for what
              Slurm says of a job array

          --threads <N>
              Threads, up to 4096 [default: all that the machine or the batch job allows]

          --memory <SIZE>
              Memory budget, such as 2GiB [default: half of what is free, at most 512 MiB a thread]

          --grace <TIME>
              How long what is begun may take after SIGINT, SIGTERM or SIGUSR1, at most 30days

              [default: 20s]

          --drop-spool
              Remove the checkpoint when all is published; new periods then cost as much as all

          --trace <FILE>
              Write a trace of all steps, for chrome://tracing or Perfetto

          --max-decoded <SIZE>
              Refuse dumps that decode to more than this [default: 1GiB]

          --max-values <N>
              Refuse dumps with more values than this (an array counts as one) [default: 4194304]

          --config <FILE>
              Read settings from this file; see docs/configuration.md

      -q, --quiet
              Say nothing but errors

          --json
              Print the result as JSON

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version
    ");
}

#[test]
fn help_of_verify() {
    insta::assert_snapshot!(help(&["verify"]), @"
    Prove that what was made holds exactly what the dumps do

    Usage: gridloom verify [OPTIONS] <SOURCE> [OUT]

    Arguments:
      <SOURCE>  The run folder, an archive of `cells`, or the grids that tables were made of
      [OUT]     What was made of it: a folder, one of its files, or an archive

    Options:
          --to <URL>            The database that was loaded, as `tables --to` has it
          --schema <NAME>       The database's schema [default: the first of the search path]
          --max-decoded <SIZE>  Refuse dumps that decode to more than this [default: 1GiB]
          --max-values <N>      Refuse dumps with more values than this (an array counts as one)
                                [default: 4194304]
          --config <FILE>       Read settings from this file; see docs/configuration.md
      -q, --quiet               Say nothing but errors
          --json                Print the result as JSON
      -h, --help                Print help
      -V, --version             Print version
    ");
}

#[test]
fn help_of_demo() {
    insta::assert_snapshot!(help(&["demo"]), @"
    Run inspect, grid and verify on the sample run

    Usage: gridloom demo [OPTIONS]

    Options:
          --run <RUN>     The sample run [default: data/sample_run]
      -o, --output <OUT>  The folder for the files [default: out/demo]
      -h, --help          Print help
      -V, --version       Print version
    ");
}

#[test]
fn help_of_completions() {
    insta::assert_snapshot!(help(&["completions"]), @"
    Print a completion script for a shell

    Usage: gridloom completions <SHELL>

    Arguments:
      <SHELL>  The shell [possible values: bash, elvish, fish, powershell, zsh]

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn help_of_man() {
    insta::assert_snapshot!(help(&["man"]), @"
    Write the man pages into a folder

    Usage: gridloom man <FOLDER>

    Arguments:
      <FOLDER>  The folder; it is made if it is not there

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn help_of_cells() {
    insta::assert_snapshot!(help(&["cells"]), @r"
    Archive a run in one file with a group a cell, and read, change and prove such archives

    Usage: gridloom cells <COMMAND>

    Commands:
      write    Archive a run: all variables, rows and years of all cells, exactly, with where each came
               from
      append   Add what the run has more by now: periods, years, cells, dumps that were missing or
               damaged
      replace  Make cells anew that were run again, or add them
      drop     Take cells out. `repack` gives their space back
      repack   Write the archive anew without what is not used any more, or with other chunks or another
               codec
      list     Say which cells an archive has; with --cell, what one of them has
      get      Print values of a cell
      stream   Print values of all cells, one after another
      verify   Check every chunk; with a run, prove that nothing of its dumps is lost
      help     Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn help_of_cells_write() {
    insta::assert_snapshot!(help(&["cells", "write"]), @r"
    Archive a run: all variables, rows and years of all cells, exactly, with where each came from

    Usage: gridloom cells write [OPTIONS] --output <FILE> <RUN>

    Arguments:
      <RUN>
              The run folder, or an archive

    Options:
      -o, --output <FILE>
              The archive

          --periods <LIST>
              Numbers of periods: 1,3-5. Those that seem to be of several runs are refused unless they
              are given, or `all` [default: all]

          --bbox <N,S,W,E>
              Only cells whose centres are in this box of degrees. W > E crosses the date line

          --region <NAME>
              A box by its name: pan-amazon, or one of the configuration

          --cells <LIST>
              Only these cells: 185-240,186-240, or those of a gridlist (*.csv)

          --tune <FOR>
              What reading is to be good at: a few days from anywhere, or little space [default:
              balanced]

              Possible values:
              - random:   Chunks of 8 KiB, deflate 1
              - balanced: Chunks of 64 KiB, deflate 4
              - archive:  Chunks of 1 MiB, deflate 12

          --deflate <LEVEL>
              Compress with deflate at this level, 1 to 12

          --zstd[=<LEVEL>]
              Compress with zstd, 1 to 22; readers need HDF5's zstd plugin

          --lz4
              Compress with LZ4; readers need HDF5's LZ4 plugin

          --no-compress
              Do not compress

          --chunk <SIZE>
              Bytes of a chunk before compression, about, such as 64KiB; 512 to 256MiB

          --overwrite
              Replace the file if it is there

          --fresh
              Replace it even where the new file has fewer cells, dumps or variables

          --threads <N>
              Threads, up to 4096 [default: all that the machine or the batch job allows]

          --memory <SIZE>
              Memory budget, such as 2GiB [default: half of what is free, at most 512 MiB a thread]

          --max-decoded <SIZE>
              Refuse dumps that decode to more than this [default: 1GiB]

          --max-values <N>
              Refuse dumps with more values than this (an array counts as one) [default: 4194304]

          --config <FILE>
              Read settings from this file; see docs/configuration.md

      -q, --quiet
              Say nothing but errors

          --json
              Print the result as JSON

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version
    ");
}

#[test]
fn help_of_cells_append() {
    insta::assert_snapshot!(help(&["cells", "append"]), @r"
    Add what the run has more by now: periods, years, cells, dumps that were missing or damaged

    Usage: gridloom cells append [OPTIONS] <RUN> <FILE>

    Arguments:
      <RUN>   The run folder
      <FILE>  The archive

    Options:
          --periods <LIST>      Numbers of periods: 1,3-5. Those that seem to be of several runs are
                                refused unless they are given, or `all` [default: all]
          --bbox <N,S,W,E>      Only cells whose centres are in this box of degrees. W > E crosses the
                                date line
          --region <NAME>       A box by its name: pan-amazon, or one of the configuration
          --other-run           Take the cells even if the run is not the one that the archive was made
                                of
          --threads <N>         Threads, up to 4096 [default: all that the machine or the batch job
                                allows]
          --memory <SIZE>       Memory budget, such as 2GiB [default: half of what is free, at most 512
                                MiB a thread]
          --max-decoded <SIZE>  Refuse dumps that decode to more than this [default: 1GiB]
          --max-values <N>      Refuse dumps with more values than this (an array counts as one)
                                [default: 4194304]
          --config <FILE>       Read settings from this file; see docs/configuration.md
      -q, --quiet               Say nothing but errors
          --json                Print the result as JSON
      -h, --help                Print help
      -V, --version             Print version
    ");
}

#[test]
fn help_of_cells_replace() {
    insta::assert_snapshot!(help(&["cells", "replace"]), @r"
    Make cells anew that were run again, or add them

    Usage: gridloom cells replace [OPTIONS] --cells <LIST> <RUN> <FILE>

    Arguments:
      <RUN>   The run folder
      <FILE>  The archive

    Options:
          --cells <LIST>        The cells: 185-240,186-240, or a gridlist (*.csv)
          --periods <LIST>      Numbers of periods: 1,3-5. Those that seem to be of several runs are
                                refused unless they are given, or `all` [default: all]
          --other-run           Take the cells even if the run is not the one that the archive was made
                                of
          --fresh               Replace cells even by what has fewer dumps or variables
          --threads <N>         Threads, up to 4096 [default: all that the machine or the batch job
                                allows]
          --memory <SIZE>       Memory budget, such as 2GiB [default: half of what is free, at most 512
                                MiB a thread]
          --max-decoded <SIZE>  Refuse dumps that decode to more than this [default: 1GiB]
          --max-values <N>      Refuse dumps with more values than this (an array counts as one)
                                [default: 4194304]
          --config <FILE>       Read settings from this file; see docs/configuration.md
      -q, --quiet               Say nothing but errors
          --json                Print the result as JSON
      -h, --help                Print help
      -V, --version             Print version
    ");
}

#[test]
fn help_of_cells_get() {
    insta::assert_snapshot!(help(&["cells", "get"]), @r"
    Print values of a cell

    Usage: gridloom cells get [OPTIONS] --cell <Y-X> <FILE>

    Arguments:
      <FILE>
              The archive

    Options:
          --cell <Y-X>
              The cell, by its indices

          --variables <LIST>
              Variables, with * and ? as wildcards [default: all]

          --from <DATE>
              First day, YYYY-MM-DD [default: the first of the cell]

          --to <DATE>
              Last day, included [default: the last of the cell]

          --format <FORMAT>
              How values are printed; npy is for one variable

              Possible values:
              - csv:  A line a day, a column a variable or row
              - json: One object
              - npy:  numpy's file of one array: (days), or (rows, days)

              [default: csv]

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version
    ");
}

#[test]
fn help_of_cells_repack() {
    insta::assert_snapshot!(help(&["cells", "repack"]), @r"
    Write the archive anew without what is not used any more, or with other chunks or another codec

    Usage: gridloom cells repack [OPTIONS] <FILE>

    Arguments:
      <FILE>
              The archive

    Options:
          --tune <FOR>
              What reading is to be good at: a few days from anywhere, or little space [default:
              balanced]

              Possible values:
              - random:   Chunks of 8 KiB, deflate 1
              - balanced: Chunks of 64 KiB, deflate 4
              - archive:  Chunks of 1 MiB, deflate 12

          --deflate <LEVEL>
              Compress with deflate at this level, 1 to 12

          --zstd[=<LEVEL>]
              Compress with zstd, 1 to 22; readers need HDF5's zstd plugin

          --lz4
              Compress with LZ4; readers need HDF5's LZ4 plugin

          --no-compress
              Do not compress

          --chunk <SIZE>
              Bytes of a chunk before compression, about, such as 64KiB; 512 to 256MiB

          --threads <N>
              Threads, up to 4096 [default: all that the machine or the batch job allows]

          --memory <SIZE>
              Memory budget, such as 2GiB [default: half of what is free, at most 512 MiB a thread]

      -q, --quiet
              Say nothing but errors

          --json
              Print the result as JSON

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version
    ");
}

#[test]
fn help_of_plot() {
    insta::assert_snapshot!(help(&["plot"]), @"
    Draw a figure of grids, tables or reports: PNG, SVG or PDF

    Usage: gridloom plot <COMMAND>

    Commands:
      map          A map of a day, or of a mean, sum, standard deviation or trend; or of the difference
                   of two files
      series       Means of a region or values of cells over time, of one or several variables or runs
      climatology  Means of a region over the months of the year, with the spread between years
      hovmoller    Time against latitude
      scatter      A variable against another: a point a cell and year, counted where there are many
      compare      Maps of two runs with one scale, and of the second less the first
      biomass      Carbon of the strategies over the years, stacked, and how many live: of the tables
                   biomass.parquet
      health       Which cells and periods were missing or damaged: of report.json
      help         Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn help_of_plot_map() {
    insta::assert_snapshot!(help(&["plot", "map"]), @"
    A map of a day, or of a mean, sum, standard deviation or trend; or of the difference of two files

    Usage: gridloom plot map [OPTIONS] --output <PICTURE> <FILE>...

    Arguments:
      <FILE>...
              The files, or folders in which those of the variables are looked for

    Options:
      -o, --output <PICTURE>
              The picture: a name that ends in .png, .svg or .pdf

          --variable <LIST>
              Variables, or in a folder the beginning of a file's name; needed where a file has several,
              or a folder is given

          --date <DATE>
              The one day that is shown

          --from <DATE>
              The first day

          --to <DATE>
              The last day, included

          --stat <STAT>
              What of the days is shown [default: mean]

              Possible values:
              - mean
              - sum
              - std
              - trend: A year's change along the line of least squares

          --difference <OTHER>
              Subtract this file, or that of the same variable in this folder

          --bbox <N,S,W,E>
              Only cells whose centres are in this box of degrees

          --cmap <MAP>
              The colour map: viridis, cividis, magma, batlow, lajolla, davos, or with a middle vik,
              broc, roma, berlin; _r turns it around

          --range <LOW,HIGH>
              The least and the greatest value that colours tell apart [default: round numbers around 2
              to 98 % of the values]

          --levels <LEVELS>
              A number of classes from 2 to 100, their borders (0,1,2.5,5), or smooth [default: 10]

          --size <WxH>
              Width, or width and height, in millimetres, each 30 to 2000

          --dpi <N>
              Dots per inch of PNG, 20 to 1200 [default: 200]

          --title <TITLE>
              The title

          --subtitle <TEXT>
              The line below it

          --caption <TEXT>
              Words below the figure

          --corner
              Print small what the figure was made of and by what; its metadata say so in any case

          --threads <N>
              Threads, up to 4096 [default: all that the machine or the batch job allows]

          --overwrite
              Replace a file that none of `plot`, `figures` and `report` made

      -q, --quiet
              Say nothing but errors

          --json
              Print the result as JSON

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version
    ");
}

#[test]
fn help_of_plot_series() {
    insta::assert_snapshot!(help(&["plot", "series"]), @"
    Means of a region or values of cells over time, of one or several variables or runs

    Usage: gridloom plot series [OPTIONS] --output <PICTURE> <FILE>...

    Arguments:
      <FILE>...
              The files, or folders in which those of the variables are looked for

    Options:
      -o, --output <PICTURE>
              The picture: a name that ends in .png, .svg or .pdf

          --variable <LIST>
              Variables, or in a folder the beginning of a file's name; needed where a file has several,
              or a folder is given

          --from <DATE>
              The first day

          --to <DATE>
              The last day, included

          --every <PART>
              Means of each step, month or year [default: step]

              Possible values:
              - step:  As the file has it
              - month
              - year
              - all

          --running <N>
              A running mean over so many steps, drawn over the values: 2 to as many as there are

          --spread <WHAT>
              What is shaded: nothing, one standard deviation over the cells, or all from the least to
              the greatest cell

              [possible values: none, std, range]

          --cell <LAT,LON>
              The cell around LAT,LON, as a line of its own; may be given several times

          --bbox <N,S,W,E>
              Only cells whose centres are in this box of degrees

          --labels <LIST>
              Names of the inputs in the key [default: those of the runs]

          --size <WxH>
              Width, or width and height, in millimetres, each 30 to 2000

          --dpi <N>
              Dots per inch of PNG, 20 to 1200 [default: 200]

          --title <TITLE>
              The title

          --subtitle <TEXT>
              The line below it

          --caption <TEXT>
              Words below the figure

          --corner
              Print small what the figure was made of and by what; its metadata say so in any case

          --threads <N>
              Threads, up to 4096 [default: all that the machine or the batch job allows]

          --overwrite
              Replace a file that none of `plot`, `figures` and `report` made

      -q, --quiet
              Say nothing but errors

          --json
              Print the result as JSON

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version
    ");
}

#[test]
fn help_of_figures() {
    insta::assert_snapshot!(help(&["figures"]), @"
    Draw all figures of a list, those whose inputs or settings changed

    Usage: gridloom figures [OPTIONS] <figures.toml>

    Arguments:
      <figures.toml>  The list; see docs/figures.md

    Options:
      -o, --output <FOLDER>  Where pictures go, anywhere [default: the folder that the list names, which
                             is below its own]
          --check            Only say what is out of date, and why; exit status 5 if anything is
          --force            Draw all
          --threads <N>      Threads, up to 4096 [default: all that the machine or the batch job allows]
          --overwrite        Replace a file that none of `plot`, `figures` and `report` made
      -q, --quiet            Say nothing but errors
          --json             Print the result as JSON
      -h, --help             Print help
      -V, --version          Print version
    ");
}

#[test]
fn help_of_report() {
    insta::assert_snapshot!(help(&["report"]), @"
    Make a page of a run's output: maps, series, health, tables, in one file

    Usage: gridloom report [OPTIONS] --output <PAGE.html> <OUT>

    Arguments:
      <OUT>  The output folder of `grid`, `tables` or `run`

    Options:
      -o, --output <PAGE.html>  The page
          --variables <LIST>    Variables, with * and ? as wildcards [default: all]
          --threads <N>         Threads, up to 4096 [default: all that the machine or the batch job
                                allows]
          --overwrite           Replace a file that none of `plot`, `figures` and `report` made
      -q, --quiet               Say nothing but errors
          --json                Print the result as JSON
      -h, --help                Print help
      -V, --version             Print version
    ");
}

#[test]
fn options_that_are_refused_are_not_offered() {
    for kind in ["biomass", "health"] {
        assert!(!help(&["plot", kind]).contains("--variable"), "{kind}");
    }
    for command in ["plan", "grid", "run"] {
        assert!(!help(&[command]).contains("URL"), "{command}");
    }
    assert!(help(&["tables"]).contains("--to <DATE|URL>"));
    assert!(!help(&["plan"]).contains("--trace"));
}
